/**
 * A client in a process of its own, in the page that the conformance runs give the vendor's clients: it connects, listens
 * to one conversation, and tells what a flood cost it.
 */
import type * as Ours from "@effect-signalwire/promise"
import { createRequire } from "node:module"
import type * as VendorAddress from "vendor-address"
import type * as VendorGroup from "vendor-group"
import type * as VendorV4 from "vendor-v4"
import { clocks } from "../harness.ts"

export type Generation = "ours" | "address" | "group" | "v4" | "v4Events"

/** Told by the client. */
export type ClientTold =
  | { readonly type: "ready" }
  /** It hears; sent with the first message that it was told. */
  | { readonly type: "hears" }
  | { readonly type: "counting" }
  /** It was told everything it counted; milliseconds that it computed meanwhile. */
  | { readonly type: "counted"; readonly cpu: number }

const [generation = "", http = "", ws = "", token = "", addressId = "", ownAddressId = ""] = process.argv.slice(2)
const tell = (told: ClientTold) => process.send?.(told)

interface Page {
  readonly prepare: (place: { readonly http: string; readonly ws: string; readonly records: boolean }) => unknown
}
// not part of this package's program: it belongs to the conformance runs
const page: Page = await import(new URL("../../../verify/conformance/src/environment.ts", import.meta.url).href)
if (generation !== "ours") page.prepare({ http, ws, records: false })
// what the clients print is not the benchmark's output, and would be measured
console.log =
  console.info =
  console.warn =
  console.debug =
  console.error =
    () => undefined
process.on("unhandledRejection", () => undefined)

let heard = 0
let target = Number.POSITIVE_INFINITY
let began = 0
const hear = (events: number): void => {
  if (heard === 0) tell({ type: "hears" })
  heard += events
  if (heard < target) return
  target = Number.POSITIVE_INFINITY
  tell({ type: "counted", cpu: clocks.cpu() - began })
}
process.on("message", (count: number) => {
  target = heard + count
  began = clocks.cpu()
  tell({ type: "counting" })
})
process.on("disconnect", () => process.exit(0))

const until = async (condition: () => boolean): Promise<void> => {
  for (let waited = 0; !condition(); waited += 20) {
    if (waited > 20_000) throw new Error(`${generation} did not get ready`)
    await new Promise((resolve) => {
      setTimeout(resolve, 20)
    })
  }
}

/** The v4 client, once it is connected, and the address of the conversation. */
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
    await client.conversation.subscribe(() => hear(1))
  },
  address: async () => {
    const vendor: typeof VendorAddress = require("vendor-address")
    const client = await vendor.SignalWire({ token })
    await client.conversation.join({ addressId })
    await client.conversation.subscribe(() => hear(1))
  },
  group: async () => {
    const vendor: typeof VendorGroup = require("vendor-group")
    const client = await vendor.SignalWire({ token })
    await client.conversation.join({ fromAddressId: ownAddressId, addressIds: [addressId, ownAddressId] })
    await client.conversation.subscribe(() => hear(1))
  },
  // as its users read messages: the list of an address, handed over whole each time that there is another
  v4: async () => {
    const { address } = await connectV4()
    let known = 0
    address?.textMessages$.subscribe((texts) =>
      texts?.values$.subscribe(({ length }) => {
        const fresh = length - known
        known = length
        if (fresh > 0) hear(fresh)
      })
    )
    await until(() => address?.textMessage?.loading === false)
  },
  // the least that it can be made to do: all events of its session, one by one, and no list
  v4Events: async () => {
    const { address, client } = await connectV4()
    let joined = false
    client.session.signalingEvent$.subscribe(({ event_type }) => {
      if (event_type !== "conversation.message") return
      if (joined) hear(1)
      else joined = true
    })
    // without a list, sending is how it joins; its own message is told to it, too
    await address?.sendText("I am here")
    await until(() => joined)
  }
}
await connect[generation]?.()
tell({ type: "ready" })
