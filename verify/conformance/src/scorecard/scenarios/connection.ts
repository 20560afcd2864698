/** Silent, restarting and failing servers. */
import { type Harness, within } from "../Harness.ts"
import { deliveryMillis, makeResult, reconnectMillis, type Scenario, type ScenarioResult } from "./Scenario.ts"

/** Whether a client detects a silent connection, and connects over another socket. */
const detectsSilence = async (harness: Harness, since: number): Promise<ScenarioResult> => {
  const sockets = async () => (await harness.tab.traffic()).sockets.length
  if (await within(reconnectMillis, sockets, (count) => count > since) <= since) {
    return makeResult(false, "not detected in 60 s")
  }
  const isConnected = async () =>
    (await harness.frames()).some(({ direction, socket, text }) =>
      direction === "in" && socket > since && text.includes("\"identity\"")
    )
  return await within(reconnectMillis, isConnected, (yes) => yes)
    ? makeResult(true, "detected, reconnected")
    : makeResult(false, "detected, but not reconnected in 60 s")
}

export const silentStart: Scenario = {
  id: "silent-start",
  title: "A server that is silent from the start",
  how:
    "The first socket opens, but nothing is sent on it. Passes when the client connects over another socket within 60 s.",
  run: async (harness) => {
    await harness.server.setFaults({ match: { on: "connect" }, action: { type: "silent" }, times: 1 })
    const connecting = harness.outcome(harness.connect().then(() => harness.listen("listener")), 2 * reconnectMillis)
    await within(45_000, () => harness.tab.traffic(), ({ sockets }) => sockets.length > 0)
    const result = await detectsSilence(harness, 1)
    // ends with the scenario
    void connecting
    return result
  }
}

export const halfOpen = (pings: 0 | 1): Scenario => ({
  id: pings === 0 ? "half-open" : "half-open-armed",
  title: pings === 0
    ? "A server that becomes silent before its first ping"
    : "A server that becomes silent after a ping",
  how: `A session is ready. Instead of sending its ${
    pings === 0 ? "first" : "second"
  } ping, the server stops reading and writing, and the socket stays open. Passes when the client connects over another socket within 60 s.`,
  run: async (harness) => {
    await harness.server.setFaults({
      match: { on: "frame", direction: "out", method: "signalwire.ping" },
      action: { type: "silent" },
      skip: pings,
      times: 1
    })
    await harness.connectAndListen()
    await harness.listen("listener")
    return detectsSilence(harness, 1)
  }
})

export const restart: Scenario = {
  id: "restart",
  title: "`signalwire.disconnect` with `restart: true`",
  how:
    "The server announces a restart, and loses the session. Passes when the client reconnects without asking for the lost session, and receives the next message.",
  run: async (harness) => {
    await harness.connectAndListen("listener")
    await harness.server.admin("POST", "/sessions/disconnect", { subscriberId: harness.ada.id, restart: true })
    const second = async () =>
      (await harness.frames()).find(({ method, socket }) => method === "signalwire.connect" && socket === 2)
    const connect = await within(reconnectMillis, second, (frame) => frame !== undefined)
    if (connect === undefined || !(await harness.connected(reconnectMillis))) {
      return makeResult(false, "did not reconnect in 60 s")
    }
    await harness.sendFromGrace("next")
    const isReceived = await harness.receives("listener", "next", deliveryMillis)
    const resumed = "protocol" in connect.params && connect.params.protocol !== undefined
    const frames = await harness.frames()
    const request = frames.find(({ method }) => method === "signalwire.disconnect")
    const replied = frames.some(({ direction, id }) => direction === "out" && id === request?.id)
    return makeResult(
      isReceived && !resumed,
      [
        isReceived ? "reconnected" : "reconnected, but receives nothing",
        resumed ? "asked for the lost session" : "started a new session",
        replied ? "responded" : "did not respond"
      ].join(", ")
    )
  }
}

export const transient: Scenario = {
  id: "transient",
  title: "One error -32603 while reconnecting",
  how:
    "The socket breaks, and the response to the next `signalwire.connect` is -32603. Passes when the client is connected within 20 s and receives the next message.",
  run: async (harness) => {
    await harness.connectAndListen("listener")
    await harness.server.setFaults({
      match: { on: "frame", direction: "in", method: "signalwire.connect" },
      action: { type: "answer", code: -32603, message: "Internal error" },
      times: 1
    })
    await harness.server.drop(harness.ada)
    const failed = async () =>
      (await harness.frames()).some(({ direction, text }) => direction === "in" && text.includes("-32603"))
    if (!(await within(reconnectMillis, failed, (yes) => yes))) return makeResult(false, "did not reconnect")
    if (!(await harness.connected(20_000))) return makeResult(false, "not reconnected in 20 s")
    await harness.sendFromGrace("next")
    const isReceived = await harness.receives("listener", "next", deliveryMillis)
    return makeResult(isReceived, isReceived ? "reconnected" : "reconnected, but receives nothing")
  }
}
