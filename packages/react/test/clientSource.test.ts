import { SignalWire, type SignalWireClient } from "@effect-signalwire/promise"
import { assert, describe, it } from "vitest"
import * as ClientSource from "../src/internal/clientSource.ts"
import { eventually } from "./support.ts"

/** A source of clients without a server. Creating a client with one of the `bad` tokens fails. */
const start = (...bad: ReadonlyArray<string>) => {
  const created: Array<string | undefined> = []
  const updates: Array<string> = []
  const make: typeof SignalWire = async (options) => {
    created.push(options?.token)
    await Promise.resolve()
    const isBad = options?.token !== undefined && bad.includes(options.token)
    const client = await SignalWire({ ...options, host: "example.invalid", ...(isBad ? { token: "" } : undefined) })
    return {
      ...client,
      updateToken: (token) => {
        updates.push(token)
        return client.updateToken(token)
      }
    }
  }
  const errors: Array<unknown> = []
  const logger = { warn: () => {}, error: (_: string, error: unknown) => void errors.push(error) }
  const source = ClientSource.fromOptions({ token: "first", logger }, make)
  const release = source.retain()
  return {
    source,
    created,
    updates,
    errors,
    update: (token: string | undefined) => source.update({ token, logger }),
    [Symbol.asyncDispose]: async () => {
      release()
      await eventually(() => assert.strictEqual(source.state.get().status, "pending"))
    }
  }
}

const waitForStatus = (source: ClientSource.ClientSource, status: ClientSource.ClientState["status"]) =>
  eventually(() => assert.strictEqual(source.state.get().status, status))

describe("a client that is created from options", () => {
  it("is created with another token after the first one failed", async () => {
    await using started = start("first", "second")
    const { created, source, update } = started
    await waitForStatus(source, "failed")
    update("second")
    assert.strictEqual(source.state.get().status, "failed")
    await eventually(() =>
      assert.deepStrictEqual([created, source.state.get().status], [["first", "second"], "failed"])
    )
    update("third")
    await waitForStatus(source, "ready")
    assert.deepStrictEqual(created, ["first", "second", "third"])
  })

  it("is created once with the latest token when the first one fails later", async () => {
    await using started = start("first")
    const { created, source, update } = started
    update("second")
    update("third")
    await waitForStatus(source, "ready")
    // once, with the latest token
    assert.deepStrictEqual(created, ["first", "third"])
  })

  it("gets each token that arrives while it is being created", async () => {
    await using started = start()
    const { created, source, update, updates } = started
    update("second")
    update(undefined)
    update("third")
    await waitForStatus(source, "ready")
    await eventually(() => assert.deepStrictEqual([created, updates], [["first"], ["second", "third"]]))
  })

  it("keeps its token when the new one is invalid, which is logged", async () => {
    await using started = start()
    const { errors, source, update } = started
    await waitForStatus(source, "ready")
    update("")
    await eventually(() => assert.containSubset(errors, [{ reason: { _tag: "Invalid" } }]))
    assert.strictEqual(source.state.get().status, "ready")
  })

  it("P7.2: is not passed to a listener whose signal is aborted", async () => {
    await using started = start("first")
    const { source, update } = started
    const controller = new AbortController()
    const clients: Array<SignalWireClient> = []
    const errors: Array<Error> = []
    ClientSource.listen(source, controller.signal, {
      onClient: (client) => void clients.push(client),
      onFailure: (error) => void errors.push(error)
    })
    await waitForStatus(source, "failed")
    controller.abort()
    update("second")
    await waitForStatus(source, "ready")
    assert.deepStrictEqual([clients.length, errors.length], [0, 1])
  })
})
