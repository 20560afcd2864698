/** Tabs with the client of the v4 generation, `@signalwire/js` 4.0.0-beta.12. */
import type * as Vendor from "vendor-v4"
import type { PageStorage } from "../src/environment.ts"
import type { Server, TestSubscriber } from "../src/Server.ts"
import { Tab } from "../src/Tab.ts"
import type { UntypedJson } from "./support.ts"

export interface State {
  client: Vendor.SignalWire
  errors: Array<{ readonly name: string; readonly message: string }>
  /** The addresses that were found, by id. */
  addresses: Record<string, Vendor.Address>
  texts: Record<string, UntypedJson>
  history: Record<string, UntypedJson>
}
export type V4Tab = Tab<typeof Vendor, State>

/** Opens a tab whose client begins to connect. */
export const begin = async (
  server: Server,
  token: string,
  storage?: PageStorage,
  options: Vendor.SignalWireOptions = {}
) => {
  const tab: V4Tab = await Tab.open("v4", server.info, storage)
  await tab.run(({ state, vendor }, { options, token }) => {
    state.errors = []
    state.addresses = {}
    state.texts = {}
    state.history = {}
    state.client = new vendor.SignalWire(new vendor.StaticCredentialProvider({ token }), options)
    state.client.errors$.subscribe(({ message, name }) => state.errors.push({ message, name }))
  }, { token, options })
  return tab
}
/** Waits until the client is connected and registered. */
export const ready = (tab: V4Tab) =>
  tab.run(({ state, until }) =>
    until("connected and registered", () => state.client.isConnected && state.client.isRegistered)
  )
/** Opens a tab whose client is connected. */
export const open = async (
  server: Server,
  { token }: Pick<TestSubscriber, "token">,
  storage?: PageStorage,
  options: Vendor.SignalWireOptions = {}
) => {
  const tab = await begin(server, token, storage, options)
  await ready(tab)
  return tab
}
/** Waits for an error of the client. */
export const errorOf = (tab: V4Tab) => tab.run(({ state, until }) => until("an error", () => state.errors.at(-1)))
/** Finds an address in the directory; returns its names and its type. */
export const findAddress = (tab: V4Tab, id: string) =>
  tab.run(async ({ state, until }, id) => {
    state.client.directory?.get$(id)?.subscribe((address) => {
      state.addresses[id] = address
    })
    const { displayName, locked, name, type } = await until("the address", () => state.addresses[id])
    return { displayName, locked, name, type }
  }, id)
/** Opens the messages and the calls of an address; resolves when the newest ones are loaded. */
export const read = async (tab: V4Tab, id: string) => {
  await findAddress(tab, id)
  await tab.run(async ({ state, until }, id) => {
    const address = state.addresses[id]
    address?.textMessages$.subscribe((texts) => {
      state.texts[id] = texts
    })
    address?.history$.subscribe((history) => {
      state.history[id] = history
    })
    await until("the messages", () => state.texts[id] !== undefined && state.history[id] !== undefined)
    await until("a page", () => state.texts[id].loading === false)
  }, id)
}
/** The texts of the messages of an address. */
export const receivedTexts = (tab: V4Tab, id: string): Promise<UntypedJson> =>
  tab.run(({ state }, id) => state.texts[id].values.map(({ text }: UntypedJson) => text), id)
/** Waits until a message of an address is shown. */
export const receivedMessage = (tab: V4Tab, id: string, text: string): Promise<UntypedJson> =>
  tab.run(async ({ state, until }, { id, text }) => {
    const { created, id: messageId } = await until(
      `message ${text}`,
      () => state.texts[id].values.find((message: UntypedJson) => message.text === text)
    )
    return { created, id: messageId }
  }, { id, text })
export const send = (tab: V4Tab, id: string, text: string) =>
  tab.run(({ state }, { id, text }) => state.addresses[id]?.sendText(text), { id, text })
