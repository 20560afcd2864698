/** The vendor's client of the address generation. */
import type * as VendorAddress from "vendor-address"
import { type Implementation, openDriver, versionOf } from "./Implementation.ts"

export const address: Implementation = {
  name: "@signalwire/js",
  version: versionOf("node_modules/vendor-address"),
  open: (endpoints, identity) =>
    openDriver<typeof VendorAddress>("address", endpoints, (tab) =>
      tab.run(({ state, vendor }, { token }) => {
        type Client = Awaited<ReturnType<typeof VendorAddress.SignalWire>>
        const received: Record<string, Array<object>> = {}
        let client: Client | undefined
        let page: Awaited<ReturnType<Client["conversation"]["getConversationMessages"]>> | undefined
        const connected = () => {
          if (client === undefined) throw new Error("not connected")
          return client
        }
        const onMessage = (name: string) => (event: { readonly text?: string | null }) => {
          ;(received[name] ??= []).push(event)
          if (name.startsWith("failing") && event.text === "boom") throw new Error("boom")
        }
        state.driver = {
          connect: async () => {
            client = await vendor.SignalWire({ token })
          },
          join: async (addressId) => {
            await connected().conversation.join({ addressId })
          },
          listen: async (name) => {
            await connected().conversation.subscribe(onMessage(name))
          },
          listenTo: async (name, addressId) => {
            await connected().chat.subscribe({ addressId, onMessage: onMessage(name) })
          },
          received: (name) => received[name] ?? [],
          send: async (message) => {
            await connected().conversation.sendMessage(message)
          },
          history: async (addressId) => {
            page = await connected().conversation.getConversationMessages({ addressId, pageSize: 2 })
            return page.data
          },
          nextPage: async () => {
            await page?.nextPage()
          },
          replaceToken: (token) => connected().updateToken(token)
        }
      }, identity))
}
