/** A page that records how long each event takes from its socket to a waiting callback. */
import { SignalWire } from "@effect-signalwire/promise"

interface Recorder {
  /** Microseconds. */
  readonly recordedTimes: () => ReadonlyArray<number>
}

const times: Array<number> = []
let arrived = 0

const RealWebSocket = globalThis.WebSocket
globalThis.WebSocket = class extends RealWebSocket {
  constructor(url: string | URL, protocols?: string | Array<string>) {
    super(url, protocols)
    this.addEventListener("message", () => {
      arrived = performance.now()
    })
  }
}

const { origin } = location
const client = await SignalWire({ token: "token", urls: { http: origin, ws: origin.replace("http", "ws") } })
await client.conversation.subscribe(() => void times.push((performance.now() - arrived) * 1000))
const page: Recorder = { recordedTimes: () => times }
Object.assign(globalThis, page)
document.title = "ready"
