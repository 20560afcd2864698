/** The vendor's newest client. */
import type * as VendorV4 from "vendor-v4"
import { type Implementation, openDriver, versionOf } from "./Implementation.ts"

export const v4: Implementation = {
  name: "@signalwire/js",
  version: versionOf("node_modules/vendor-v4"),
  sendsTextOnly: "`sendText` sends only text",
  open: (endpoints, identity) =>
    openDriver<typeof VendorV4>("v4", endpoints, (tab) =>
      tab.run(({ state, until, vendor }, { token }) => {
        const received: Record<string, () => ReadonlyArray<object>> = {}
        let client: VendorV4.SignalWire | undefined
        let refresh: ((token: string) => void) | undefined
        let more: () => Promise<void> = () => Promise.reject(new Error("no page was read"))
        const connected = () => {
          if (client === undefined) throw new Error("not connected")
          return client
        }
        const findAddress = async (id: string) => {
          let address: VendorV4.Address | undefined
          connected().directory?.get$(id)?.subscribe((found) => {
            address = found
          })
          return until("the address", () => address)
        }
        // the only way to receive messages is the list of an address
        const listen = async (name: string, addressId: string) => {
          const found = await findAddress(addressId)
          let list: { readonly loading: boolean } | undefined
          found.textMessages$.subscribe((texts) => {
            list = texts
            received[name] = () => texts?.values.map(({ id, text }) => ({ id, text })) ?? []
            more = async () => {
              texts?.loadMore()
              await until("the page", () => texts?.loading === false)
            }
            if (name.startsWith("failing") && texts?.values.some(({ text }) => text === "boom")) throw new Error("boom")
          })
          await until("the newest messages", () => list?.loading === false)
        }
        state.driver = {
          connect: async (tokenLifetime) => {
            client = new vendor.SignalWire({
              authenticate: () => Promise.resolve({ token, expiry_at: Date.now() + tokenLifetime }),
              // resolved when a scenario replaces the token
              refresh: () =>
                new Promise((resolve) => {
                  refresh = (token) => resolve({ token, expiry_at: Date.now() + 3_600_000 })
                })
            })
            client.errors$.subscribe(() => undefined)
            await until("connected and registered", () => connected().isConnected && connected().isRegistered)
          },
          // listening and sending join the conversation
          join: () => Promise.resolve(),
          listen,
          listenTo: listen,
          received: (name) => received[name]?.() ?? [],
          send: async ({ addressId, text }) => {
            await (await findAddress(addressId)).sendText(text)
          },
          history: async (addressId) => {
            await listen("history", addressId)
            return received["history"]?.() ?? []
          },
          nextPage: () => more(),
          replaceToken: async (token) => {
            const resolveRefresh = await until("refresh", () => refresh, 25_000).catch(() => undefined)
            if (resolveRefresh === undefined) throw new Error("the `refresh` of its credential provider was not called")
            resolveRefresh(token)
          }
        }
      }, identity))
}
