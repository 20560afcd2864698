// @vitest-environment happy-dom
import { SignalWireProvider, useSendMessage, useTimeline } from "@effect-signalwire/react"
import * as SignalWireTest from "@effect-signalwire/testing/SignalWireTest"
import { createRoot } from "react-dom/client"
import { assert, it, vi } from "vitest"

/** The component under test. */
const Room = ({ addressId }: { readonly addressId: string }) => {
  const { messages } = useTimeline(addressId)
  const { send } = useSendMessage(addressId)
  return (
    <>
      <ol>{messages.map(({ key, status, text }) => <li key={key} data-status={status}>{text}</li>)}</ol>
      <button onClick={() => send("hello")}>Send hello</button>
    </>
  )
}

/** Renders the component with a client whose backend the test controls. */
const render = async (options: SignalWireTest.Options) => {
  const test = await SignalWireTest.start(options)
  const page = document.createElement("main")
  const root = createRoot(page)
  root.render(
    <SignalWireProvider client={test.client}>
      <Room addressId={test.addressId("office")} />
    </SignalWireProvider>
  )
  return {
    test,
    click: () =>
      vi.waitFor(() => {
        const button = page.querySelector("button")
        assert.isNotNull(button)
        button.click()
      }),
    shows: (...lines: ReadonlyArray<string>) =>
      vi.waitFor(() => {
        const items = Array.from(page.querySelectorAll("li"), (item) => `${item.textContent} ${item.dataset["status"]}`)
        assert.deepStrictEqual(items, lines)
      }, 10_000),
    [Symbol.asyncDispose]: async () => {
      root.unmount()
      await test.close()
    }
  }
}

it("shows history, live messages, and messages sent while the connection was lost", async () => {
  await using page = await render({
    conversations: ["office"],
    messages: [{ conversation: "office", text: "before" }]
  })
  await page.shows("before stored")
  await page.test.addMessage({ conversation: "office", text: "live" })
  await page.shows("before stored", "live stored")
  await page.test.drop()
  await page.test.addMessage({ conversation: "office", text: "during the outage" })
  await page.shows("before stored", "live stored", "during the outage stored")
  assert.isEmpty(await page.test.sent())
})

it("shows a sent message once, and a rejected one as failed", async () => {
  await using page = await render({ conversations: ["office"] })
  await page.click()
  await page.shows("hello stored")
  await page.test.setFaults([{
    match: { on: "http", method: "POST" },
    action: { type: "answer", status: 403, body: {} }
  }])
  await page.click()
  await page.shows("hello stored", "hello failed")
  assert.lengthOf(await page.test.sent(), 1)
})
