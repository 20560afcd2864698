/**
 * What the scenarios of the two older generations share: both have the same surface under different ids.
 */
import type * as VendorAddress from "vendor-address"
import type * as VendorGroup from "vendor-group"
import { afterAll, beforeAll } from "vitest"
import type { Kept } from "../src/environment.ts"
import { type Person, Server } from "../src/Server.ts"
import { Tab, TabError } from "../src/Tab.ts"

// what the vendor's types promise is one of the things in question, so events are read by hand
// oxlint-disable-next-line typescript/no-explicit-any
export type Loose = any

export interface Keep<Client> {
  client: Client
  events: Array<Loose>
  chats: Array<Loose>
  page: Loose
  subscription: Loose
}
export type AddressTab = Tab<typeof VendorAddress, Keep<Awaited<ReturnType<typeof VendorAddress.SignalWire>>>>
export type GroupTab = Tab<typeof VendorGroup, Keep<Awaited<ReturnType<typeof VendorGroup.SignalWire>>>>

/** A sandbox for all tests of a file. */
export const shareServer = (): () => Server => {
  let server: Server | undefined
  beforeAll(async () => {
    server = await Server.start()
  })
  afterAll(() => server?.stop())
  return () => {
    if (server === undefined) throw new Error("the sandbox has not started")
    return server
  }
}

/** Whose client it is; a function is called once the tab is open, for tokens that do not last long. */
type Who = Pick<Person, "token"> | (() => Promise<Pick<Person, "token">>)

const tokenOf = async (who: Who) => (typeof who === "function" ? await who() : who).token

/** A tab with a connected client that collects what it is told. */
export const openAddress = async (server: Server, who: Who, kept?: Kept) => {
  const tab: AddressTab = await Tab.open("address", server.info, kept)
  await tab.run(async ({ kept, vendor }, token) => {
    kept.events = []
    kept.chats = []
    kept.client = await vendor.SignalWire({ token })
    kept.subscription = await kept.client.conversation.subscribe((event) => kept.events.push(event))
  }, await tokenOf(who))
  return tab
}

/** The same with a client of the group generation. */
export const openGroup = async (server: Server, who: Who, kept?: Kept) => {
  const tab: GroupTab = await Tab.open("group", server.info, kept)
  await tab.run(async ({ kept, vendor }, token) => {
    kept.events = []
    kept.chats = []
    kept.client = await vendor.SignalWire({ token })
    kept.subscription = await kept.client.conversation.subscribe((event: Loose) => kept.events.push(event))
  }, await tokenOf(who))
  return tab
}

/** Why something failed inside a tab. */
export const failure = async (promise: Promise<unknown>) => {
  try {
    await promise
  } catch (error) {
    if (error instanceof TabError) return error.told
    throw error
  }
  throw new Error("it did not fail")
}

/** Waits until something holds on the server. */
export const eventually = async <A>(what: string, read: () => Promise<A>, holds: (value: A) => boolean): Promise<A> => {
  const deadline = Date.now() + 90_000
  for (;;) {
    const value = await read()
    if (holds(value)) return value
    if (Date.now() > deadline) throw new Error(`not in time: ${what}: ${JSON.stringify(value)}`)
    await new Promise((resolve) => {
      setTimeout(resolve, 20)
    })
  }
}

/** Requests of one method that a tab sent over its sockets, with the socket they were sent over. */
export const sent = async (tab: AddressTab | GroupTab | Tab<Loose, Loose>, method: string) =>
  (await tab.seen()).frames
    .filter(({ direction }) => direction === "out")
    .map(({ socket, text }) => ({ socket, ...JSON.parse(text) }))
    .filter((frame) => frame.method === method)

/** Waits until a tab is connected again over another socket, and says how. */
export const reconnected = async (tab: Tab<Loose, Loose>, number = 2) => {
  const seen = await eventually(
    `socket ${number} is answered`,
    () => tab.seen(),
    ({ frames }) =>
      frames.some(({ direction, socket, text }) =>
        socket === number && direction === "in" && text.includes("\"identity\"")
      )
  )
  const frames = seen.frames.filter(({ socket }) => socket === number).map(({ direction, text }) => ({
    direction,
    frame: JSON.parse(text)
  }))
  return {
    params: frames.find(({ direction }) => direction === "out")?.frame.params,
    result: frames.find(({ direction, frame }) => direction === "in" && frame.result?.identity !== undefined)?.frame
      .result
  }
}

/** Waits until a tab has acknowledged the state it got with the session. */
export const settled = (tab: Tab<Loose, Loose>) =>
  eventually("the state is acknowledged", () => tab.seen(), ({ frames }) => {
    const state = frames.find(({ text }) => text.includes("signalwire.authorization.state"))
    const id: unknown = state === undefined ? undefined : JSON.parse(state.text).id
    return frames.some(({ direction, text }) => direction === "out" && JSON.parse(text).id === id)
  })
