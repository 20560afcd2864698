import { SignalWire, type SignalWireClient } from "@effect-signalwire/promise"
import { assert, describe, it } from "vitest"
import * as Source from "../src/internal/source.ts"
import { eventually } from "./support.ts"

/** Makes clients that are real and reach nobody; those with some tokens can't be made. */
const open = (...bad: ReadonlyArray<string>) => {
  const made: Array<string | undefined> = []
  const updated: Array<string> = []
  const make: typeof SignalWire = async (options) => {
    made.push(options?.token)
    await Promise.resolve()
    const isBad = options?.token !== undefined && bad.includes(options.token)
    const client = await SignalWire({ ...options, host: "example.invalid", ...(isBad ? { token: "" } : undefined) })
    return {
      ...client,
      updateToken: (token) => {
        updated.push(token)
        return client.updateToken(token)
      }
    }
  }
  const errors: Array<unknown> = []
  const logger = { warn: () => {}, error: (_: string, error: unknown) => void errors.push(error) }
  const source = Source.owned({ token: "first", logger }, make)
  const letGo = source.retain()
  return {
    source,
    made,
    updated,
    errors,
    update: (token: string | undefined) => source.update({ token, logger }),
    [Symbol.asyncDispose]: async () => {
      letGo()
      await eventually(() => assert.strictEqual(source.state.get().status, "pending"))
    }
  }
}

const untilStatus = (source: Source.Source, status: Source.ClientState["status"]) =>
  eventually(() => assert.strictEqual(source.state.get().status, status))

describe("a client that is made from options", () => {
  it("is made anew with another token when it could not be made", async () => {
    await using opened = open("first", "second")
    const { made, source, update } = opened
    await untilStatus(source, "failed")
    update("second")
    assert.strictEqual(source.state.get().status, "failed")
    await eventually(() => assert.deepStrictEqual([made, source.state.get().status], [["first", "second"], "failed"]))
    update("third")
    await untilStatus(source, "ready")
    assert.deepStrictEqual(made, ["first", "second", "third"])
  })

  it("is made anew when another token comes before it could not be made", async () => {
    await using opened = open("first")
    const { made, source, update } = opened
    update("second")
    update("third")
    await untilStatus(source, "ready")
    // with the newest there is, and once
    assert.deepStrictEqual(made, ["first", "third"])
  })

  it("is given each token that comes while it is made", async () => {
    await using opened = open()
    const { made, source, update, updated } = opened
    update("second")
    update(undefined)
    update("third")
    await untilStatus(source, "ready")
    await eventually(() => assert.deepStrictEqual([made, updated], [["first"], ["second", "third"]]))
  })

  it("goes on with the token that it has when it is given none, and says so", async () => {
    await using opened = open()
    const { errors, source, update } = opened
    await untilStatus(source, "ready")
    update("")
    await eventually(() => assert.containSubset(errors, [{ reason: { _tag: "Invalid" } }]))
    assert.strictEqual(source.state.get().status, "ready")
  })

  it("P7.2: is handed to nobody whose signal is aborted", async () => {
    await using opened = open("first")
    const { source, update } = opened
    const ending = new AbortController()
    const clients: Array<SignalWireClient> = []
    const errors: Array<Error> = []
    Source.use(source, ending.signal, {
      onClient: (client) => void clients.push(client),
      onFailure: (error) => void errors.push(error)
    })
    await untilStatus(source, "failed")
    ending.abort()
    update("second")
    await untilStatus(source, "ready")
    assert.deepStrictEqual([clients.length, errors.length], [0, 1])
  })
})
