/**
 * A shared sandbox, tabs of each generation, and helpers that wait for conditions. A tab that is closed sends a close frame
 * without a code, and the sandbox keeps its session, as it does when a socket breaks; `Server.drop` breaks one abruptly.
 */
import type * as VendorAddress from "vendor-address"
import type * as VendorGroup from "vendor-group"
import { afterAll, beforeAll } from "vitest"
import type { PageStorage } from "../src/environment.ts"
import { Server, type TestSubscriber } from "../src/Server.ts"
import { Tab } from "../src/Tab.ts"
import { TabError } from "../src/TabThread.ts"

// values are checked at run time, since the vendor's types may be wrong
// oxlint-disable-next-line typescript/no-explicit-any
export type UntypedJson = any

export interface OlderState<Client> {
  client: Client
  events: Array<UntypedJson>
  chats: Array<UntypedJson>
  page: UntypedJson
  subscription: UntypedJson
}
export type AddressTab = Tab<typeof VendorAddress, OlderState<Awaited<ReturnType<typeof VendorAddress.SignalWire>>>>
export type GroupTab = Tab<typeof VendorGroup, OlderState<Awaited<ReturnType<typeof VendorGroup.SignalWire>>>>
/** A tab of either of the two older generations. */
export type OlderTab = Tab<UntypedJson, OlderState<UntypedJson>>

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

/** The token of a tab's client. A function is called once the tab is open, for tokens that expire soon. */
export type TokenSource = Pick<TestSubscriber, "token"> | (() => Promise<Pick<TestSubscriber, "token">>)

const tokenFrom = async (source: TokenSource) => (typeof source === "function" ? await source() : source).token

/** Opens a tab with a connected client of the address generation, which records its events. */
export const openAddress = async (server: Server, source: TokenSource, storage?: PageStorage) => {
  const tab: AddressTab = await Tab.open("address", server.info, storage)
  await tab.run(async ({ state, vendor }, token) => {
    state.events = []
    state.chats = []
    state.client = await vendor.SignalWire({ token })
    state.subscription = await state.client.conversation.subscribe((event) => state.events.push(event))
  }, await tokenFrom(source))
  return tab
}

/** Opens a tab with a connected client of the group generation, which records its events. */
export const openGroup = async (server: Server, source: TokenSource, storage?: PageStorage) => {
  const tab: GroupTab = await Tab.open("group", server.info, storage)
  await tab.run(async ({ state, vendor }, token) => {
    state.events = []
    state.chats = []
    state.client = await vendor.SignalWire({ token })
    state.subscription = await state.client.conversation.subscribe((event: UntypedJson) => state.events.push(event))
  }, await tokenFrom(source))
  return tab
}

/** Waits until a tab has received the event of a message. */
export const receivedEvent = (tab: OlderTab, text: string): Promise<UntypedJson> =>
  tab.run(
    ({ state, until }, text) => until(`event ${text}`, () => state.events.find((event) => event.text === text)),
    text
  )

/** The texts of all events that a tab has received. */
export const receivedTexts = (tab: OlderTab): Promise<ReadonlyArray<UntypedJson>> =>
  tab.run(({ state }) => state.events.map((event) => event.text))

/** The error with which a function in a tab failed. */
export const failure = async (promise: Promise<unknown>) => {
  try {
    await promise
  } catch (error) {
    if (error instanceof TabError) return error.error
    throw error
  }
  throw new Error("it did not fail")
}

/** Reads a value repeatedly, until a condition holds for it. */
export const eventually = async <A>(what: string, read: () => Promise<A>, holds: (value: A) => boolean): Promise<A> => {
  const deadline = Date.now() + 90_000
  for (;;) {
    const value = await read()
    if (holds(value)) return value
    if (Date.now() > deadline) throw new Error(`timed out waiting for: ${what}: ${JSON.stringify(value)}`)
    await new Promise((resolve) => {
      setTimeout(resolve, 20)
    })
  }
}

/** The requests of one method that a tab has sent, each with the number of its socket. */
export const sent = async (tab: AddressTab | GroupTab | Tab<UntypedJson, UntypedJson>, method: string) =>
  (await tab.traffic()).frames
    .filter(({ direction }) => direction === "out")
    .map(({ socket, text }) => ({ socket, ...JSON.parse(text) }))
    .filter((frame) => frame.method === method)

/** Waits until a tab is connected over its socket with this number; returns the parameters and the result of the connect. */
export const reconnected = async (tab: Tab<UntypedJson, UntypedJson>, number = 2) => {
  const seen = await eventually(
    `socket ${number} is connected`,
    () => tab.traffic(),
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

/** Waits until a tab has acknowledged the authorization state of its session. */
export const settled = (tab: Tab<UntypedJson, UntypedJson>) =>
  eventually("the state is acknowledged", () => tab.traffic(), ({ frames }) => {
    const state = frames.find(({ text }) => text.includes("signalwire.authorization.state"))
    const id: unknown = state === undefined ? undefined : JSON.parse(state.text).id
    return frames.some(({ direction, text }) => direction === "out" && JSON.parse(text).id === id)
  })
