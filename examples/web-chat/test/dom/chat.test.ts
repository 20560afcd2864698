import { screen, within } from "@testing-library/dom"
import { assert, describe, it } from "vitest"
import { eventually, refuseNextSend } from "../support.ts"
import { banner, bubbles, conversation, isBusy, open, selectConversation, send, statusesOf, user } from "./support.ts"

const refuseSockets = { match: { on: "connect" }, action: { type: "refuse" } }
const failHistory = (action: unknown) => ({ match: { on: "http", method: "GET", path: "*/messages" }, action })

describe("the web chat", () => {
  it("marks a conversation with a new message, and shows its text", async () => {
    await using world = await open()
    await selectConversation("Library")
    await world.sandbox.send("grace.hopper", "ada.lovelace", "A word in private")
    const item = () => conversation("Grace Hopper")
    const isMarked = () => within(item()).queryAllByText("New messages").length > 0
    await eventually(() => assert.include(item().textContent, "Grace: A word in private"))
    assert.isTrue(isMarked())
    await selectConversation("Grace Hopper")
    await eventually(() => assert.isFalse(isMarked()))
  })

  it("describes what delays messages, until they can be loaded", async () => {
    await using world = await open()
    const { dropSockets, setFaults } = world.sandbox
    await selectConversation("The office")
    // the client waits 4 seconds for a response at first: no read fails, which would be another problem
    await setFaults(failHistory({ type: "delay", millis: 3000 }))
    await dropSockets()
    await eventually(() => assert.include(banner(), "Catching up"))
    await setFaults(failHistory({ type: "answer", status: 503 }))
    await dropSockets()
    await eventually(() => assert.include(banner(), "Messages can't be loaded"))
    await setFaults()
    await eventually(() => assert.strictEqual(banner(), ""))
  })

  it("says that messages may arrive late while the server refuses sockets", async () => {
    await using world = await open()
    const { dropSockets, setFaults } = world.sandbox
    await selectConversation("The office")
    await setFaults(refuseSockets)
    await dropSockets()
    await eventually(() => assert.include(banner(), "The server can't be reached"))
    await eventually(() => assert.include(banner(), "messages may arrive late"))
    await setFaults()
    await eventually(() => assert.strictEqual(banner(), ""))
  })

  it("asks the user to sign in again when the token has expired", async () => {
    await using world = await open()
    const { admin, dropSockets, token } = world.sandbox
    await selectConversation("The office")
    await admin("POST", "/tokens/expire", { token: token("Ada Lovelace") })
    await dropSockets()
    await eventually(() => assert.include(banner(), "Sign in again"))
  })

  it("shows all data once a server is available that was not when the page was opened", async () => {
    await using world = await open(({ setFaults }) =>
      setFaults({ match: { on: "http", path: "/api/*" }, action: { type: "answer", status: 503 } }, refuseSockets)
    )
    await eventually(() => assert.include(banner(), "The server can't be reached"))
    assert.isEmpty(screen.queryAllByRole("alert"))
    await world.sandbox.setFaults()
    await selectConversation("The office")
    await eventually(() => assert.isAtLeast(bubbles().length, 100))
    await eventually(() => assert.strictEqual(banner(), ""))
  })

  it("shows a room at once that was left briefly", async () => {
    await using _ = await open()
    await selectConversation("The office")
    // all of it, because without a layout every message is near the top
    await eventually(() => assert.strictEqual(bubbles().length, 180))
    await selectConversation("Library")
    assert.isBelow(bubbles().length, 100)
    conversation("The office").click()
    // React renders the result of a click before anything else
    await Promise.resolve()
    assert.deepStrictEqual([bubbles().length, isBusy()], [180, false])
  })

  it("keeps a rejected message until it is sent again", async () => {
    await using world = await open()
    await selectConversation("The office")
    await world.sandbox.setFaults(refuseNextSend)
    await send("Difference engine, anyone?")
    await eventually(() => assert.deepStrictEqual(statusesOf("Difference engine"), ["failed"]))
    await user.click(screen.getByRole("button", { name: "Try again" }))
    await eventually(() => assert.deepStrictEqual(statusesOf("Difference engine"), ["stored"]))
  })
})
