import * as SemanticConventions from "@effect-signalwire/runtime/SemanticConventions"
import { assert, it } from "@effect/vitest"
import * as Cause from "effect/Cause"

it("attributes have their names, and those that are missing or unknown are left out", () => {
  const attributes = {
    operation: "o",
    addressId: "a",
    conversationId: "c",
    messageId: "m",
    clientId: "k",
    errorType: "e",
    count: 0,
    text: "never"
  }
  assert.deepStrictEqual(SemanticConventions.toSemantic(attributes), {
    "messaging.operation.name": "o",
    "messaging.destination.name": "a",
    "messaging.message.conversation_id": "c",
    "messaging.message.id": "m",
    "signalwire.message.client_id": "k",
    "error.type": "e",
    "signalwire.count": 0
  })
  assert.deepStrictEqual(SemanticConventions.toSemantic({ addressId: null, conversationId: undefined }), {})
  assert.deepStrictEqual(SemanticConventions.toSemantic(), {})
})

it.each([
  ["sendMessage", "send"],
  ["getMessages", "receive"],
  ["getConversationMessages", "receive"],
  ["messages", "receive"],
  ["conversationMessages", "receive"],
  ["findMessage", "receive"],
  ["subscribe", "receive"],
  ["timeline", "receive"],
  ["message", "process"]
])("the operation %s has the type %s", (method, type) => {
  assert.deepStrictEqual(SemanticConventions.operationAttributes(method), {
    "messaging.operation.name": method,
    "messaging.operation.type": type
  })
})

it("an operation that does nothing with messages has no type", () => {
  assert.deepStrictEqual(SemanticConventions.operationAttributes("join"), { "messaging.operation.name": "join" })
})

it.each([
  ["Conversations.sendMessage", "producer"],
  ["Conversations.subscribe", "consumer"],
  ["Conversations.timeline", "consumer"],
  ["SignalWireHttp.sendMessage", "internal"]
])("the kind of a span %s is %s", (name, kind) => {
  assert.strictEqual(SemanticConventions.kindOf(name), kind)
})

it.each([
  ["http://a.test/x", "a.test", 80],
  ["https://a.test", "a.test", 443],
  ["ws://a.test", "a.test", 80],
  ["wss://a.test", "a.test", 443],
  ["https://a.test:8443", "a.test", 8443]
])("the server of %s has its host and its port", (url, host, port) => {
  assert.deepStrictEqual(SemanticConventions.serverAttributes(url), { "server.address": host, "server.port": port })
})

it("has no attributes of a server that is not known", () => {
  assert.deepStrictEqual(SemanticConventions.serverAttributes(undefined), {})
})

it("a client has its system and its name", () => {
  assert.deepStrictEqual(SemanticConventions.clientAttributes("bot"), {
    "messaging.system": "signalwire",
    "messaging.client.id": "bot"
  })
})

it.each<readonly [string | undefined, string, Cause.Cause<unknown>]>([
  ["Closed", "an error with a reason", Cause.fail({ _tag: "Failed", reason: { _tag: "Closed" } })],
  ["Failed", "an error whose reason is a text", Cause.fail({ _tag: "Failed", reason: "closed" })],
  ["Failed", "an error without a reason", Cause.fail({ _tag: "Failed", reason: null })],
  ["_OTHER", "an error without a tag", Cause.fail({})],
  ["_OTHER", "an error whose tag is a number", Cause.fail({ _tag: 7 })],
  ["_OTHER", "null", Cause.fail(null)],
  ["_OTHER", "a text", Cause.fail("closed")],
  ["_OTHER", "a defect", Cause.die(new Error("a bug"))],
  [undefined, "an interruption", Cause.interrupt(1)],
  [undefined, "the end of a stream", Cause.fail(Cause.Done())]
])("the type of the error is %s for %s", (type, _, cause) => {
  assert.strictEqual(SemanticConventions.errorType(cause), type)
})
