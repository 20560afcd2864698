/**
 * A client in a separate process, the vendor's clients in the page of the conformance tests: it connects, listens to one
 * conversation, and reports the CPU time of each flood.
 */
import type * as Ours from "@effect-signalwire/promise"
import { createRequire } from "node:module"
import type * as VendorAddress from "vendor-address"
import type * as VendorGroup from "vendor-group"
import type * as VendorV4 from "vendor-v4"
import { clocks } from "../harness.ts"

export type Generation = "ours" | "address" | "group" | "v4" | "v4Events"

/** Sent by the client. */
export type ClientReport =
  | { readonly type: "ready" }
  /** Sent with the first event. */
  | { readonly type: "receiving" }
  | { readonly type: "counting" }
  /** It has received all events of the flood; `cpu` is the CPU time since `counting`, milliseconds. */
  | { readonly type: "counted"; readonly cpu: number }

const [generation = "", http = "", ws = "", token = "", addressId = "", ownAddressId = ""] = process.argv.slice(2)
const report = (message: ClientReport) => process.send?.(message)

interface Page {
  readonly prepare: (
    endpoints: { readonly http: string; readonly ws: string; readonly recordsTraffic: boolean }
  ) => unknown
}
// imported dynamically, since it belongs to another package: the conformance tests
const page: Page = await import(new URL("../../../verify/conformance/src/environment.ts", import.meta.url).href)
if (generation !== "ours") page.prepare({ http, ws, recordsTraffic: false })
// the output of the clients is not part of the benchmark
console.log =
  console.info =
  console.warn =
  console.debug =
  console.error =
    () => undefined
process.on("unhandledRejection", () => undefined)

let received = 0
let target = Number.POSITIVE_INFINITY
let began = 0
const onEvents = (events: number): void => {
  if (received === 0) report({ type: "receiving" })
  received += events
  if (received < target) return
  target = Number.POSITIVE_INFINITY
  report({ type: "counted", cpu: clocks.cpu() - began })
}
process.on("message", (count: number) => {
  target = received + count
  began = clocks.cpu()
  report({ type: "counting" })
})
process.on("disconnect", () => process.exit(0))

const until = async (condition: () => boolean): Promise<void> => {
  for (let waited = 0; !condition(); waited += 20) {
    if (waited > 20_000) throw new Error(`${generation} did not become ready`)
    await new Promise((resolve) => {
      setTimeout(resolve, 20)
    })
  }
}

/** Connects the v4 client; returns it with the address of the conversation. */
const connectV4 = async () => {
  const vendor: typeof VendorV4 = await import("vendor-v4")
  const client = new vendor.SignalWire(new vendor.StaticCredentialProvider({ token }))
  client.errors$.subscribe(() => undefined)
  await until(() => client.isConnected && client.isRegistered)
  let address: VendorV4.Address | undefined
  client.directory?.get$(addressId)?.subscribe((found) => {
    address = found
  })
  await until(() => address !== undefined)
  return { client, address }
}

const require = createRequire(import.meta.url)
const connect: Record<string, () => Promise<unknown>> = {
  ours: async () => {
    const vendor: typeof Ours = await import("@effect-signalwire/promise")
    const client = await vendor.SignalWire({ token, urls: { http, ws } })
    await client.conversation.join({ addressId })
    await client.conversation.subscribe(() => onEvents(1))
  },
  address: async () => {
    const vendor: typeof VendorAddress = require("vendor-address")
    const client = await vendor.SignalWire({ token })
    await client.conversation.join({ addressId })
    await client.conversation.subscribe(() => onEvents(1))
  },
  group: async () => {
    const vendor: typeof VendorGroup = require("vendor-group")
    const client = await vendor.SignalWire({ token })
    await client.conversation.join({ fromAddressId: ownAddressId, addressIds: [addressId, ownAddressId] })
    await client.conversation.subscribe(() => onEvents(1))
  },
  // as its users receive messages: the list of an address, emitted as a whole for each event
  v4: async () => {
    const { address } = await connectV4()
    let known = 0
    address?.textMessages$.subscribe((list) =>
      list?.values$.subscribe(({ length }) => {
        const added = length - known
        known = length
        if (added > 0) onEvents(added)
      })
    )
    await until(() => address?.textMessage?.loading === false)
  },
  // its least expensive API: all events of its session, one by one, without a list
  v4Events: async () => {
    const { address, client } = await connectV4()
    let joined = false
    client.session.signalingEvent$.subscribe(({ event_type }) => {
      if (event_type !== "conversation.message") return
      if (joined) onEvents(1)
      else joined = true
    })
    // without a list, it joins by sending; it receives its own message too
    await address?.sendText("I am here")
    await until(() => joined)
  }
}
await connect[generation]?.()
report({ type: "ready" })
