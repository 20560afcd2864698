import { SignalWire, type SignalWireClient, type SignalWireOptions } from "@effect-signalwire/promise"
import { assert, describe, it } from "vitest"
import * as ClientSource from "../src/internal/clientSource.ts"
import { settled } from "./fixtures.ts"
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
    release,
    [Symbol.asyncDispose]: async () => {
      release()
      await eventually(() => assert.strictEqual(source.state.get().status, "pending"))
    }
  }
}

const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(() => assert.fail("it did not fail"), (error: unknown) => error)

const waitForStatus = (source: ClientSource.ClientSource, status: ClientSource.ClientState["status"]) =>
  eventually(() => assert.strictEqual(source.state.get().status, status))

describe("without a provider", () => {
  it("the client has failed, and can't be used", async () => {
    const { client, retain, state } = ClientSource.withoutProvider
    retain()()
    assert.strictEqual(state.get().status, "failed")
    assert.strictEqual(await errorOf(client()), state.get().error)
  })
})

describe("a client that the application creates", () => {
  it("P7.2: is ready, and is not disconnected with the last reference", async () => {
    const client = await SignalWire({ token: "token", host: "example.invalid" })
    const source = ClientSource.fromClient(client)
    assert.deepStrictEqual([source.state.get().status, source.state.get().client], ["ready", client])
    source.retain()()
    await settled()
    assert.strictEqual(await source.client(), client)
    assert.notStrictEqual(client.connection.state._tag, "Closed")
    await client.disconnect()
  })
})

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

  it("is pending while it is created again", async () => {
    await using started = start("first")
    const { source, update } = started
    await waitForStatus(source, "failed")
    const states: Array<string> = []
    source.state.subscribe(() => void states.push(source.state.get().status))
    update("second")
    await waitForStatus(source, "ready")
    assert.deepStrictEqual(states, ["pending", "ready"])
  })

  it("is created once, also if it is used before it is retained", async () => {
    let created = 0
    const source = ClientSource.fromOptions({ token: "first" }, (options) => {
      created++
      return SignalWire({ ...options, host: "example.invalid" })
    })
    const client = source.client()
    const release = source.retain()
    assert.deepStrictEqual([source.client() === client, created], [true, 1])
    await client
    release()
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

  it("calls the latest onRefreshToken, also if it was created without one, and has no other token without one", async () => {
    const calls: Array<string> = []
    const refresh = (name: string) => () => {
      calls.push(name)
      return name
    }
    const created: Array<SignalWireOptions | undefined> = []
    const source = ClientSource.fromOptions({ token: "token" }, (options) => {
      created.push(options)
      return SignalWire({ ...options, host: "example.invalid" })
    })
    const release = source.retain()
    const call = () => created[0]?.onRefreshToken?.()
    assert.isNull(await call())
    source.update({ token: "token", onRefreshToken: refresh("first") })
    assert.strictEqual(await call(), "first")
    source.update({ token: "token", onRefreshToken: refresh("second") })
    assert.strictEqual(await call(), "second")
    source.update({ token: "token" })
    assert.isNull(await call())
    assert.deepStrictEqual(calls, ["first", "second"])
    release()
  })

  it("fails with the name of an onRefreshToken that is no function", async () => {
    // @ts-expect-error -- plain JavaScript passes anything
    const source = ClientSource.fromOptions({ token: "token", host: "example.invalid", onRefreshToken: "function" })
    const release = source.retain()
    await waitForStatus(source, "failed")
    assert.containSubset(source.state.get().error, {
      reason: { _tag: "Invalid", errors: [{ attribute: "onRefreshToken" }] }
    })
    release()
  })

  it("P7.2: logs no invalid token that arrived before it was released", async () => {
    await using started = start()
    const { errors, release, source, update } = started
    await waitForStatus(source, "ready")
    const client = await source.client()
    update("")
    release()
    await eventually(() => assert.strictEqual(client.connection.state._tag, "Closed"))
    assert.deepStrictEqual(errors, [])
  })

  it("is passed to a listener once, and only its state changes with another token", async () => {
    await using started = start()
    const { source, update, updates } = started
    const clients: Array<SignalWireClient> = []
    let changes = 0
    ClientSource.listen(source, new AbortController().signal, {
      onClient: (client) => void clients.push(client),
      onFailure: (error) => assert.fail(error.message)
    })
    await waitForStatus(source, "ready")
    source.state.subscribe(() => void changes++)
    update("second")
    await eventually(() => assert.deepStrictEqual([updates, changes], [["second"], 1]))
    update("second")
    await settled()
    assert.deepStrictEqual([source.state.get().client, clients.length, updates], [clients[0], 1, ["second"]])
  })

  it("P7.2: is never provided once it was released, also if it was being created", async () => {
    await using started = start()
    const { created, release, source } = started
    const creating = source.client()
    assert.strictEqual(source.client(), creating)
    const states: Array<string> = []
    source.state.subscribe(() => void states.push(source.state.get().status))
    release()
    const client = await creating
    await eventually(() => assert.strictEqual(client.connection.state._tag, "Closed"))
    assert.deepStrictEqual(states, [])
    assert.include(String(await errorOf(source.client())), "has unmounted")
    assert.strictEqual(created.length, 1)
    // strict mode mounts it again
    const releaseAgain = source.retain()
    await waitForStatus(source, "ready")
    releaseAgain()
  })

  it("is created again with the latest token after it was released", async () => {
    await using started = start()
    const { created, errors, release, source, update } = started
    await waitForStatus(source, "ready")
    release()
    await waitForStatus(source, "pending")
    update("second")
    await settled()
    const releaseAgain = source.retain()
    await waitForStatus(source, "ready")
    assert.deepStrictEqual([created, errors], [["first", "second"], []])
    releaseAgain()
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
