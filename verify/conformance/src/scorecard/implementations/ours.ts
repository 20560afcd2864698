/** The client of this project. */
import type * as Ours from "@effect-signalwire/promise"
import { type Implementation, openDriver, versionOf } from "./Implementation.ts"

export const ours: Implementation = {
  name: "@effect-signalwire/promise",
  version: versionOf("../../packages/promise"),
  open: (endpoints, identity) =>
    openDriver<typeof Ours>("ours", endpoints, (tab) =>
      tab.run(({ state, vendor }, { token }) => {
        const received: Record<string, Array<object>> = {}
        let client: Ours.SignalWireClient | undefined
        let page: Awaited<ReturnType<Ours.SignalWireClient["conversation"]["getConversationMessages"]>> | undefined
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
            const silent = { warn: () => undefined, error: () => undefined }
            client = await vendor.SignalWire({ token, logger: silent })
          },
          join: async (addressId) => {
            await connected().conversation.join({ addressId })
          },
          listen: async (name) => {
            await connected().conversation.subscribe(onMessage(name))
          },
          listenTo: async (name, addressId) => {
            await connected().chat.subscribe(onMessage(name), { addressId })
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
