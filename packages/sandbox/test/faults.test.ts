/** Every fault, over real connections. */
import * as Sandbox from "@effect-signalwire/sandbox/Sandbox"
import { assert, describe, it } from "@effect/vitest"
import { onTestFinished } from "vitest"
import { accelerateTime } from "../../../fastTime.shared.ts"
import { rule, rules } from "./documented.ts"
import { Client, fixtures, isPending, request } from "./support.ts"

const setup = async () => {
  const sandbox = await Sandbox.start()
  const { ada, grace } = fixtures(sandbox)
  return {
    ada,
    grace,
    info: sandbox,
    put: (rules: ReadonlyArray<object>, seed?: number) =>
      request(sandbox, "PUT", "/_sandbox/faults", { body: { rules, ...(seed === undefined ? {} : { seed }) } }),
    /** Makes a request; returns `undefined` if the connection is broken. */
    fetch: (path: string, init: RequestInit = {}) =>
      fetch(sandbox.http + path, { ...init, headers: { authorization: `Bearer ${ada.token}` } }).then(
        async (response) => ({
          status: response.status,
          type: response.headers.get("content-type"),
          retryAfter: response.headers.get("retry-after"),
          text: await response.text()
        }),
        () => undefined
      ),
    send: (text: string) => ({
      method: "POST",
      body: JSON.stringify({ conversation_id: grace.addressId, text })
    }),
    stored: async (): Promise<ReadonlyArray<string>> =>
      (await request(sandbox, "GET", "/_sandbox/messages")).body.messages.map(({ text }: { text: string }) => text),
    [Symbol.asyncDispose]: () => sandbox.stop()
  }
}

const messages = "/api/fabric/messages"

type World = Awaited<ReturnType<typeof setup>>

/** Whether something is still pending after the sandbox has responded to several later requests. */
const isUnanswered = async (world: World, promise: Promise<unknown>): Promise<boolean> => {
  for (let requests = 0; requests < 3; requests++) await world.stored()
  return isPending(promise)
}

describe("a request", () => {
  it("is refused: the connection is broken, and the request is not handled", async () => {
    await using world = await setup()
    await world.put([rule("refuse")])
    assert.isUndefined(await world.fetch(messages, world.send("one")))
    assert.deepStrictEqual(await world.stored(), [])
    assert.strictEqual((await world.fetch(messages))?.status, 200)
  })
  it("gets the status, headers and body of the rule", async () => {
    await using world = await setup()
    await world.put([rule("rate-limit"), rule("html")])
    const limited = await world.fetch(messages, world.send("one"))
    assert.strictEqual(limited?.status, 429)
    assert.strictEqual(limited?.retryAfter, "1")
    assert.strictEqual(JSON.parse(limited?.text ?? "").errors[0].code, "rate_limit_exceeded")
    const page = await world.fetch(messages)
    assert.strictEqual(page?.status, 502)
    assert.strictEqual(page?.type, "text/html")
    assert.strictEqual(page?.text, "<h1>Bad Gateway</h1>")
    assert.deepStrictEqual(await world.stored(), [])
  })
  it("is handled, and its response lost", async () => {
    await using world = await setup()
    await world.put([rule("lose-response")])
    assert.isUndefined(await world.fetch(messages, world.send("one")))
    assert.deepStrictEqual(await world.stored(), ["one"])
  })
  it("is handled, and never gets a response", async () => {
    await using world = await setup()
    await world.put([{ match: { on: "http" }, action: { type: "loseAnswer", never: true }, times: 1 }])
    assert.isTrue(await isUnanswered(world, world.fetch(messages, world.send("one"))))
    assert.deepStrictEqual(await world.stored(), ["one"])
  })
  it.each(["silent", "drop"])("is not handled, and gets no response: %s", async (type) => {
    await using world = await setup()
    await world.put([{ match: { on: "http" }, action: { type }, times: 1 }])
    assert.isTrue(await isUnanswered(world, world.fetch(messages, world.send("one"))))
    assert.deepStrictEqual(await world.stored(), [])
  })
  it("is handled twice", async () => {
    await using world = await setup()
    await world.put([{ match: { on: "http", method: "post" }, action: { type: "duplicate" }, times: 1 }])
    assert.strictEqual((await world.fetch(messages, world.send("one")))?.status, 200)
    assert.deepStrictEqual(await world.stored(), ["one", "one"])
  })
  it("is held back until the next one was handled", async () => {
    await using world = await setup()
    await world.put([{ match: { on: "http", method: "POST" }, action: { type: "reorder" }, times: 1 }])
    const first = world.fetch(messages, world.send("one"))
    assert.isTrue(await isUnanswered(world, first))
    await world.fetch(messages, world.send("two"))
    assert.strictEqual((await first)?.status, 200)
    assert.deepStrictEqual(await world.stored(), ["two", "one"])
  })
  it("is delayed", async () => {
    onTestFinished(accelerateTime())
    await using world = await setup()
    await world.put([{ match: { on: "http" }, action: { type: "delay", millis: 5000 }, times: 1 }])
    const waiting = world.fetch(messages)
    assert.isTrue(await isUnanswered(world, waiting))
    assert.strictEqual((await waiting)?.status, 200)
  })
  it("is handled, and gets half of the body, HTML, or an empty body", async () => {
    await using world = await setup()
    const malformed = (more: object) => ({ match: { on: "http" }, action: { type: "malformed", ...more }, times: 1 })
    await world.put([malformed({}), malformed({ text: "<html>" }), malformed({ text: "" })])
    const half = await world.fetch(messages, world.send("one"))
    assert.strictEqual(half?.status, 200)
    assert.throws(() => JSON.parse(half?.text ?? "{}"))
    const html = await world.fetch(messages, world.send("two"))
    assert.strictEqual(html?.type, "text/html")
    assert.strictEqual(html?.text, "<html>")
    const empty = await world.fetch(messages, world.send("three"))
    assert.strictEqual(empty?.status, 200)
    assert.strictEqual(empty?.text, "")
    assert.deepStrictEqual(await world.stored(), ["one", "two", "three"])
  })
  it("for a page gets links to more pages than there are", async () => {
    await using world = await setup()
    await world.put([rule("endless")])
    const links = new Set<string>()
    for (let link: string | undefined = messages; typeof link === "string" && !links.has(link);) {
      links.add(link)
      link = JSON.parse((await world.fetch(link))?.text ?? "{}").links.next
    }
    assert.strictEqual(links.size, 4)
  })
  it("of one subscriber fails, and that of another does not", async () => {
    await using world = await setup()
    await world.put([{ match: { on: "http", subscriberId: world.grace.id }, action: { type: "answer", status: 500 } }])
    assert.strictEqual((await world.fetch(messages))?.status, 200)
    assert.strictEqual((await request(world.info, "GET", messages, world.grace)).status, 500)
  })
  it("is skipped as often as the rule says", async () => {
    await using world = await setup()
    await world.put([{ match: { on: "http" }, action: { type: "answer", status: 503 }, skip: 1, times: 1 }])
    const statuses = [await world.fetch(messages), await world.fetch(messages), await world.fetch(messages)]
    assert.deepStrictEqual(statuses.map((response) => response?.status), [200, 503, 200])
  })
  it("is not skipped more often if rules are read and set again", async () => {
    await using world = await setup()
    await world.put([{ match: { on: "http" }, action: { type: "answer", status: 503 }, skip: 2, times: 1 }])
    assert.strictEqual((await world.fetch(messages))?.status, 200)
    const { rules } = (await request(world.info, "GET", "/_sandbox/faults")).body
    assert.strictEqual(rules[0].skip, 1)
    await world.put(rules)
    const statuses = [await world.fetch(messages), await world.fetch(messages), await world.fetch(messages)]
    assert.deepStrictEqual(statuses.map((response) => response?.status), [200, 503, 200])
  })
  it("fails with a probability, and reproducibly with a seed", async () => {
    await using world = await setup()
    const run = async (seed: number) => {
      await world.put([rule("chance")], seed)
      const statuses: Array<number | undefined> = []
      for (let n = 0; n < 30; n++) {
        statuses.push((await world.fetch(messages, world.send("one")))?.status)
      }
      return statuses
    }
    const first = await run(7)
    assert.deepStrictEqual(await run(7), first)
    assert.notDeepEqual(await run(8), first)
    assert.includeMembers(first, [200, 500])
  })
})

describe("a socket", () => {
  it("is rejected with a response, closed immediately, or silenced", async () => {
    await using world = await setup()
    await world.put([rule("connect-respond"), rule("connect-close"), rule("connect-silent")])
    assert.strictEqual(await new Client(world.info.ws).closed, 1006)
    assert.strictEqual(await new Client(world.info.ws).closed, 1013)
    const silent = await Client.open(world.info.ws)
    assert.isTrue(await isUnanswered(world, silent.connect(world.ada.token)))
    await (await Client.open(world.info.ws)).connect(world.ada.token)
  })
  it("is closed without a close frame, refused, or delayed", async () => {
    onTestFinished(accelerateTime())
    await using world = await setup()
    const connect = (action: object) => ({ match: { on: "connect" }, action, times: 1 })
    await world.put([connect({ type: "close" }), connect({ type: "refuse" }), connect({ type: "delay", millis: 5000 })])
    assert.strictEqual(await new Client(world.info.ws).closed, 1006)
    assert.strictEqual(await new Client(world.info.ws).closed, 1006)
    const delayed = Client.open(world.info.ws)
    assert.isTrue(await isUnanswered(world, delayed))
    await (await delayed).connect(world.ada.token)
  })
})

describe("a frame from the client", () => {
  const incoming = (action: object, method = "signalwire.ping") => ({
    match: { on: "frame", direction: "in", method },
    action,
    times: 1
  })
  const connected = async (world: World) => {
    const client = await Client.open(world.info.ws)
    const session = await client.connect(world.ada.token)
    return { client, ping: (id: string) => client.send({ id, method: "signalwire.ping" }), ...session }
  }

  it("gets the error of the rule", async () => {
    await using world = await setup()
    await world.put([rule("rpc-error")])
    const client = await Client.open(world.info.ws)
    client.send({ id: "c", method: "signalwire.connect", params: {} })
    assert.deepStrictEqual((await client.next()).error, { code: -32003, message: "Requester validation failed" })
  })
  it("closes the socket, with or without a close frame", async () => {
    await using world = await setup()
    await world.put([
      incoming({ type: "close", code: 1012 }),
      incoming({ type: "close" }),
      incoming({ type: "refuse" })
    ])
    for (const code of [1012, 1006, 1006]) {
      const { client, ping } = await connected(world)
      ping("p")
      assert.strictEqual(await client.closed, code)
    }
  })
  it("is dropped, duplicated, reordered, or delayed", async () => {
    onTestFinished(accelerateTime())
    await using world = await setup()
    const { client, ping } = await connected(world)
    const ids = async (count: number) => {
      const frames: Array<string> = []
      while (frames.length < count) frames.push((await client.next()).id)
      return frames
    }
    await world.put([incoming({ type: "drop" })])
    ping("lost")
    ping("handled")
    assert.deepStrictEqual(await ids(1), ["handled"])
    await world.put([incoming({ type: "duplicate" })])
    ping("twice")
    assert.deepStrictEqual(await ids(2), ["twice", "twice"])
    await world.put([incoming({ type: "reorder" })])
    ping("overtaken")
    ping("first")
    assert.deepStrictEqual(await ids(2), ["first", "overtaken"])
    await world.put([incoming({ type: "delay", millis: 2000 })])
    ping("delayed")
    ping("next")
    assert.isTrue(await isUnanswered(world, client.peek()))
    assert.deepStrictEqual(await ids(2), ["delayed", "next"])
  })
  it("silences the socket, or is handled without a response", async () => {
    await using world = await setup()
    await world.put([incoming({ type: "loseAnswer", never: true }), incoming({ type: "loseAnswer" })])
    const { client, ping } = await connected(world)
    ping("unanswered")
    assert.isTrue(await isUnanswered(world, client.peek()))
    ping("broken")
    assert.strictEqual(await client.closed, 1006)
    const second = await connected(world)
    await world.put([incoming({ type: "silent" })])
    second.ping("a")
    second.ping("b")
    assert.isTrue(await isUnanswered(world, second.client.peek()))
  })
  it("restarts the session", async () => {
    await using world = await setup()
    const { authorization_state, client, ping, protocol } = await connected(world)
    await world.put([incoming({ type: "restart" })])
    ping("p")
    const frame = await client.next()
    assert.strictEqual(frame.method, "signalwire.disconnect")
    assert.deepStrictEqual(frame.params, { restart: true })
    client.acknowledge(frame)
    assert.strictEqual(await client.closed, 1012)
    const again = await Client.open(world.info.ws)
    assert.isFalse((await again.connect(world.ada.token, { protocol, authorization_state })).result.session_restored)
  })
})

describe("a frame to the client", () => {
  const sendThree = async (world: World, rules: ReadonlyArray<object>) => {
    const client = await Client.open(world.info.ws)
    await client.connect(world.grace.token)
    await world.put(rules)
    for (const text of ["one", "two", "three"]) {
      await world.fetch(messages, world.send(text))
    }
    const texts = async (count: number) => {
      const found: Array<string> = []
      while (found.length < count) found.push((await client.next()).params.params.text)
      return found
    }
    return { client, texts }
  }
  it.each([
    ["duplicate", ["one", "one", "two", "three"]],
    ["reorder", ["two", "one", "three"]],
    ["drop", ["two", "three"]],
    ["delay", ["one", "two", "three"]]
  ])("is affected by the fault %s", async (name, expected) => {
    await using world = await setup()
    const { client, texts } = await sendThree(world, [rule(name)])
    assert.deepStrictEqual(await texts(expected.length), expected)
    client.send({ id: "later", method: "signalwire.ping" })
    assert.strictEqual((await client.next()).id, "later")
  })
  it("is cut in half", async () => {
    await using world = await setup()
    const { client } = await sendThree(world, [rule("malformed")])
    const raw = await client.nextRaw()
    assert.throws(() => JSON.parse(raw))
    assert.strictEqual((await client.next()).params.params.text, "two")
  })
  it("is replaced by an error if it is a response", async () => {
    await using world = await setup()
    const client = await Client.open(world.info.ws)
    await client.connect(world.ada.token)
    await world.put([{
      match: { on: "frame", direction: "out", method: "subscriber.online" },
      action: { type: "answer", code: -32000, message: "Timeout" }
    }])
    client.send({ id: "o", method: "subscriber.online", params: {} })
    const { error, id } = await client.next()
    assert.deepStrictEqual({ error, id }, { id: "o", error: { code: -32000, message: "Timeout" } })
  })
  it("silences, closes, breaks or restarts the socket", async () => {
    await using world = await setup()
    const outgoing = (action: object) => ({
      match: { on: "frame", direction: "out", eventType: "conversation.message" },
      action,
      times: 1
    })
    const silent = await sendThree(world, [outgoing({ type: "silent" })])
    assert.isTrue(await isUnanswered(world, silent.client.peek()))
    assert.strictEqual(await (await sendThree(world, [outgoing({ type: "close", code: 1001 })])).client.closed, 1001)
    assert.strictEqual(await (await sendThree(world, [outgoing({ type: "refuse" })])).client.closed, 1006)
    const restarting = await sendThree(world, [rule("restart")])
    assert.strictEqual((await restarting.client.next()).method, "signalwire.disconnect")
    assert.strictEqual(await restarting.client.closed, 1012)
  })
})

describe("a rule", () => {
  it("in the documentation is accepted", async () => {
    await using world = await setup()
    const all = [...rules.values()]
    const { body, status } = await world.put(all)
    assert.strictEqual(status, 200)
    assert.deepStrictEqual(body.rules, all)
  })
  it.each<[unknown, string]>([
    [{ match: { on: "htp" }, action: { type: "drop" } }, "rules[0].match"],
    [{ match: { on: "frame" }, action: { type: "drop" } }, "rules[0].match.direction"],
    [{ match: { on: "http" }, action: { type: "explode" } }, "rules[0].action"],
    [{ match: { on: "http" }, action: { type: "restart" } }, "rules[0].action"],
    [{ match: { on: "connect" }, action: { type: "malformed" } }, "rules[0].action"],
    [{ match: { on: "frame", direction: "out" }, action: { type: "endless", pages: "again" } }, "rules[0].action"],
    [
      { match: { on: "frame", direction: "in", eventType: "x" }, action: { type: "drop" } },
      "rules[0].match.eventType"
    ],
    [
      { match: { on: "http" }, action: { type: "answer", headers: { Trailer: "x" } } },
      "rules[0].action.headers.Trailer"
    ],
    [{ match: { on: "http" }, action: { type: "delay" } }, "rules[0].action.millis"],
    [{ match: { on: "http" }, action: { type: "delay", millis: -1 } }, "rules[0].action.millis"],
    [{ match: { on: "http" }, action: { type: "answer", status: 42 } }, "rules[0].action.status"],
    [{ match: { on: "http" }, action: { type: "answer", headers: { a: "b\r\nc: d" } } }, "rules[0].action.headers.a"],
    [{ match: { on: "connect" }, action: { type: "close", code: 7 } }, "rules[0].action.code"],
    [{ match: { on: "http" }, action: { type: "drop" }, times: 0.5 }, "rules[0].times"],
    [{ match: { on: "http" }, action: { type: "drop" }, probability: 2 }, "rules[0].probability"],
    [{ match: { on: "http" }, action: { type: "drop" }, probabilty: 1 }, "rules[0].probabilty"]
  ])("that is invalid is rejected with the name of the field: %j", async (bad, attribute) => {
    await using world = await setup()
    await world.put([rule("drop")])
    const { body, status } = await world.put([bad as object])
    assert.strictEqual(status, 422)
    assert.strictEqual(body.errors[0].attribute, attribute)
    assert.strictEqual((await request(world.info, "GET", "/_sandbox/faults")).body.rules.length, 1)
  })
})
