/** Failures of requests, links to other hosts, and tokens. */
import { foreignHostName, within } from "../Harness.ts"
import { makeResult, type Scenario } from "./Scenario.ts"

export const lostResponse: Scenario = {
  id: "lost-response",
  title: "The response to a send is lost",
  how:
    "The server processes each `POST` of a message, then breaks the connection. Passes when one copy is stored and the call succeeds.",
  run: async (harness) => {
    await harness.connectAndListen()
    await harness.server.setFaults({
      match: { on: "http", method: "POST", path: "/api/fabric/messages" },
      action: { type: "loseAnswer" }
    })
    const outcome = await harness.send({ text: "precious" })
    const copies = (await harness.server.stored(harness.lab)).filter(({ text }) => text === "precious").length
    const result = outcome.type === "resolved"
      ? "the call succeeded"
      : outcome.type === "rejected"
      ? `the call failed: "${outcome.message}"`
      : "the call did not end in 60 s"
    return makeResult(
      copies === 1 && outcome.type === "resolved",
      `${copies} ${copies === 1 ? "copy" : "copies"}, ${result}`
    )
  }
}

const isLinked = (value: unknown): value is { readonly links: { readonly next: string } } =>
  typeof value === "object" && value !== null && "links" in value && typeof value.links === "object" &&
  value.links !== null && "next" in value.links && typeof value.links.next === "string"

export const foreignLink: Scenario = {
  id: "foreign-link",
  title: "A `links.next` with another host",
  how:
    "The first page of a history has an absolute link to another host, whose server records the credentials it receives. Passes when it does not receive the token.",
  run: async (harness) => {
    await harness.connect()
    // a message of her own makes her a member
    await harness.server.seed({ from: harness.ada.id, addressId: harness.lab, text: "0" })
    await harness.sendFromGrace("1", "2", "3", "4")
    const path = `/api/fabric/conversations/${harness.lab}/messages`
    const response = await fetch(`${harness.server.info.http}${path}?page_size=2`, {
      headers: { authorization: `Bearer ${harness.ada.token}` }
    })
    const page: unknown = await response.json()
    if (!isLinked(page)) throw new Error("the history has no second page")
    const next = new URL(page.links.next, `https://${foreignHostName}/`)
    const foreign = `https://${foreignHostName}${next.pathname}${next.search}`
    await harness.server.setFaults({
      match: { on: "http", method: "GET", path: "/api/fabric/conversations/*/messages" },
      action: { type: "answer", status: 200, body: { ...page, links: { ...page.links, next: foreign } } },
      times: 1
    })
    await harness.history()
    const before = (await harness.tab.traffic()).exchanges.length
    const outcome = await harness.nextPage()
    const requests = (await harness.tab.traffic()).exchanges.slice(before)
    if (harness.foreignCredentials.some((credentials) => credentials?.includes(harness.ada.token))) {
      return makeResult(false, "token sent to the other host")
    }
    if (harness.foreignCredentials.length > 0) {
      return makeResult(true, "requested from the other host, without the token")
    }
    if (requests.length > 0) return makeResult(true, "requested from its own host")
    return makeResult(true, outcome.type === "rejected" ? `refused: "${outcome.message}"` : "no request")
  }
}

export const newToken: Scenario = {
  id: "token",
  title: "A new token",
  how:
    "The application provides a new token: with `updateToken`, or in the newest vendor client with the `refresh` of its credential provider, which is due 10 s after the start. Passes when the next message is sent with it, it is sent over the socket within 30 s, and the call ends. (Tokens with the scope `sat:refresh`, which that client refreshes by itself, are not tested here: its conformance tests show that both REST and socket use them.)",
  run: async (harness) => {
    harness.tokenLifetime = 15_000
    await harness.connectAndListen("listener")
    const { token } = await harness.server.admin<{ readonly token: string }>("POST", "/tokens", {
      subscriberId: harness.ada.id,
      ttlSeconds: 600
    })
    const replaced = harness.replaceToken(token)
    const sentToken = async () =>
      (await harness.frames()).find(({ direction, text }) => direction === "out" && text.includes(token))
    const frame = await within(30_000, sentToken, (frame) => frame !== undefined)
    const outcome = await replaced
    await harness.send({ text: "after" })
    const last = (await harness.tab.traffic()).exchanges.findLast(({ method }) => method === "POST")
    if (!last?.body?.includes("after")) throw new Error("the message was not sent")
    const rest = last.authorization === `Bearer ${token}`
    const parts = [
      `REST uses the ${rest ? "new" : "old"} one`,
      frame === undefined ? "not sent over the socket" : `sent over the socket with \`${String(frame.method)}\``,
      ...(outcome.type === "pending" ? ["the call does not end"] : []),
      ...(outcome.type === "rejected" ? [outcome.message] : [])
    ]
    return makeResult(rest && frame !== undefined && outcome.type === "resolved", parts.join(", "))
  }
}
