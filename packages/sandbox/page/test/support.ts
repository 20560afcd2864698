/** Reads and changes a sandbox through its admin API, and waits for conditions. */
import type { Info } from "@effect-signalwire/sandbox/Sandbox"
import { assert, vi } from "vitest"
import { type Decoder, fieldsOf, list, string } from "../src/admin/decoding.ts"

/** Gets a resource of the admin API. */
export const adminGet = async <A>({ admin }: Pick<Info, "admin">, path: string, decode: Decoder<A>): Promise<A> => {
  const response = await fetch(`${admin}${path}`)
  assert.isTrue(response.ok, `GET ${path}: ${response.status}`)
  return decode(await response.json(), path)
}

/** Sends a JSON body to the admin API. */
export const adminSend = async (
  { admin }: Pick<Info, "admin">,
  method: "POST" | "PUT",
  path: string,
  body: unknown
): Promise<void> => {
  const response = await fetch(`${admin}${path}`, {
    method,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body)
  })
  assert.isTrue(response.ok, `${method} ${path}: ${response.status}`)
}

/** Stores messages of the first subscriber in the first room. */
export const seed = (sandbox: Info, texts: ReadonlyArray<string>): Promise<void> =>
  adminSend(sandbox, "POST", "/messages", {
    messages: texts.map((text) => ({
      from: sandbox.subscribers[0]?.id,
      addressId: sandbox.rooms[0]?.addressId,
      text
    }))
  })

/** Returns the texts of the stored messages, in order. */
export const storedTexts = (sandbox: Info): Promise<ReadonlyArray<string>> =>
  adminGet(
    sandbox,
    "/messages",
    (value, path) => fieldsOf(value, path)("messages", list((message, path) => fieldsOf(message, path)("text", string)))
  )

/** Makes an API request of the first subscriber, with the token it had at first. */
export const requestInfo = ({ http, subscribers: [first] }: Info): Promise<Response> =>
  fetch(`${http}/api/fabric/subscriber/info`, { headers: { authorization: `Bearer ${first?.token}` } })

/** Repeats a check until it passes. */
export const eventually = (check: () => Promise<void> | void): Promise<void> =>
  vi.waitFor(check, { interval: 50, timeout: 30_000 })

export type Side = "left" | "right"

/** Makes the next send fail. */
export const refuseNextSend = (sandbox: Info): Promise<void> =>
  adminSend(sandbox, "PUT", "/faults", {
    rules: [{
      match: { on: "http", method: "POST", path: "/api/fabric/messages" },
      action: { type: "answer", status: 403 },
      times: 1
    }]
  })
