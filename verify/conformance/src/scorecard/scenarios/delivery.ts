/** Messages that are lost, repeated, or delivered to the wrong listener. */
import { type Harness, within } from "../Harness.ts"
import { deliveryMillis, makeResult, reconnectMillis, type Scenario, waitForPending } from "./Scenario.ts"

/** Compares the received messages with the expected ones, in a few words. */
const describeOrder = (received: ReadonlyArray<unknown>, expected: ReadonlyArray<string>): string => {
  if (received.length === 0) return `lost ${expected.length} of ${expected.length}`
  const distinct = new Set(received).size
  if (distinct < expected.length) return `lost ${expected.length - distinct} of ${expected.length}`
  if (received.length > distinct) return `${expected.length} of ${expected.length}, some repeated`
  const inOrder = received.every((text, index) => text === expected[index])
  return `${expected.length} of ${expected.length}, ${inOrder ? "in order" : "out of order"}`
}

export const throwing: Scenario = {
  id: "throwing-listener",
  title: "One of two listeners throws",
  how:
    "There are two listeners; the first throws when it receives the first of two messages. Passes when both receive both.",
  run: async (harness) => {
    await harness.connectAndListen("failing", "other")
    await harness.sendFromGrace("boom")
    await harness.receives("other", "boom", deliveryMillis)
    await harness.sendFromGrace("after")
    await harness.receives("other", "after", deliveryMillis)
    await harness.receives("failing", "after", 2000)
    const count = async (name: string) =>
      (await harness.receivedTexts(name)).filter((text) => text === "boom" || text === "after").length
    const [failing, other] = [await count("failing"), await count("other")]
    return makeResult(
      failing === 2 && other === 2,
      failing === 2 && other === 2
        ? "both received both"
        : `the other received ${other} of 2, the one that threw ${failing} of 2`
    )
  }
}

export const outage = (remembered: boolean): Scenario => ({
  id: remembered ? "outage" : "outage-forgotten",
  title: remembered
    ? "3 messages in an outage, the server keeps the session"
    : "3 messages in an outage, the server loses the session",
  how: `The socket ${
    remembered
      ? "breaks"
      : "is closed after `signalwire.disconnect` with `restart: true`, so the session is lost"
  }; new sockets are refused with 503 until three messages are stored. Passes when the listener receives the three after the reconnect, once and in order.`,
  run: async (harness) => {
    await harness.connectAndListen("listener")
    await harness.server.setFaults({ match: { on: "connect" }, action: { type: "answer", status: 503 } })
    if (remembered) await harness.server.drop(harness.ada)
    else await harness.server.admin("POST", "/sessions/disconnect", { subscriberId: harness.ada.id, restart: true })
    await harness.waitForDisconnect()
    const expected = ["missed 1", "missed 2", "missed 3"]
    await harness.sendFromGrace(...expected)
    await harness.server.setFaults()
    if (!(await harness.connected(reconnectMillis))) return makeResult(false, "did not reconnect in 60 s")
    const missed = async () =>
      (await harness.receivedTexts("listener")).filter((text) => String(text).startsWith("missed"))
    await within(deliveryMillis, missed, (texts) => texts.length >= expected.length)
    await waitForPending()
    const observed = describeOrder(await missed(), expected)
    return makeResult(observed === "3 of 3, in order", observed)
  }
})

export const resent: Scenario = {
  id: "re-sent",
  title: "A message that the server sends again",
  how:
    "The client's acknowledgements are lost, the socket breaks, and the server sends the event again when the session is resumed. Passes when the listener receives it once.",
  run: async (harness) => {
    await harness.connectAndListen("listener")
    await harness.server.setFaults({
      match: { on: "frame", direction: "in", method: "signalwire.event" },
      action: { type: "drop" }
    })
    await harness.sendFromGrace("again")
    if (!(await harness.receives("listener", "again", 45_000))) return makeResult(false, "did not receive it")
    await harness.server.drop(harness.ada)
    const arrivals = async () =>
      (await harness.frames()).filter(({ direction, text }) => direction === "in" && text.includes("\"again\"")).length
    const arrived = await within(reconnectMillis, arrivals, (count) => count > 1)
    if (arrived < 2) throw new Error("the event was not sent again")
    await waitForPending()
    const count = (await harness.receivedTexts("listener")).filter((text) => text === "again").length
    return makeResult(count === 1, count === 1 ? "received once" : `received ${count} times`)
  }
}

export const isolation: Scenario = {
  id: "cross-talk",
  title: "Two conversations, a listener for each",
  how: "One message is sent in each of two rooms. Passes when each listener receives only the message of its own room.",
  run: async (harness) => {
    const { addressId: attic } = await harness.server.createRoom("attic")
    await harness.connectAndListen()
    await harness.join(attic)
    await harness.listenTo("lab", harness.lab)
    await harness.listenTo("attic", attic)
    await harness.server.seed(
      { from: harness.grace.id, addressId: harness.lab, text: "for lab" },
      { from: harness.grace.id, addressId: attic, text: "for attic" }
    )
    const own = [
      await harness.receives("lab", "for lab", deliveryMillis),
      await harness.receives("attic", "for attic", deliveryMillis)
    ]
    await waitForPending()
    const leaked = [
      (await harness.receivedTexts("lab")).includes("for attic"),
      (await harness.receivedTexts("attic")).includes("for lab")
    ].filter(Boolean).length
    if (own.includes(false)) return makeResult(false, "a listener did not receive the message of its own room")
    return makeResult(leaked === 0, leaked === 0 ? "each received its own" : `${leaked} of 2 also received the other`)
  }
}

export const metadataAndDetails: Scenario = {
  id: "metadata",
  title: "`metadata` and `details` of a message",
  how: "Both are sent with a message. Passes when both are in the event and in history.",
  run: async (harness, { sendsTextOnly }) => {
    if (sendsTextOnly !== undefined) return { mark: "unsupported", observed: sendsTextOnly }
    await harness.connectAndListen("listener")
    const [metadata, details] = [{ tone: "casual" }, { ref: "one" }]
    const outcome = await harness.send({ text: "lunch?", metadata, details })
    if (outcome.type !== "resolved") return makeResult(false, "the send failed")
    await harness.receives("listener", "lunch?", deliveryMillis)
    const same = (value: unknown, sent: object) => JSON.stringify(value) === JSON.stringify(sent)
    const arrived = (messages: Awaited<ReturnType<Harness["received"]>>) => {
      const message = messages.find(({ text }) => text === "lunch?")
      return [
        ...(same(message?.metadata, metadata) ? ["metadata"] : []),
        ...(same(message?.details, details) ? ["details"] : [])
      ].join(" and ") || "neither"
    }
    const [event, history] = [arrived(await harness.received("listener")), arrived(await harness.history())]
    const both = "metadata and details"
    return makeResult(
      event === both && history === both,
      event === history ? `${event} in event and history` : `${event} in the event, ${history} in history`
    )
  }
}
