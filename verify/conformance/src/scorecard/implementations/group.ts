/** The vendor's client of the group generation. */
import type * as VendorGroup from "vendor-group"
import { type Implementation, openDriver, versionOf } from "./Implementation.ts"

export const group: Implementation = {
  name: "@signalwire/client",
  version: versionOf("node_modules/vendor-group"),
  open: (endpoints, identity) =>
    openDriver<typeof VendorGroup>(
      "group",
      endpoints,
      (tab) =>
        tab.run(({ state, vendor }, { addressId: fromAddressId, token }) => {
          type Client = Awaited<ReturnType<typeof VendorGroup.SignalWire>>
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
          // this generation learns the id of a conversation only by joining it
          const join = async (addressId: string) => {
            const { group_id } = await connected().conversation.join({
              fromAddressId,
              addressIds: [addressId, fromAddressId]
            })
            return group_id
          }
          state.driver = {
            connect: async () => {
              client = await vendor.SignalWire({ token })
            },
            join: async (addressId) => {
              await join(addressId)
            },
            listen: async (name) => {
              await connected().conversation.subscribe(onMessage(name))
            },
            listenTo: async (name, addressId) => {
              // the parameter is called addressId, but is compared with the group
              await connected().chat.subscribe({ addressId: await join(addressId), onMessage: onMessage(name) })
            },
            received: (name) => received[name] ?? [],
            send: async ({ addressId, ...message }) => {
              await connected().conversation.sendMessage({ ...message, groupId: await join(addressId), fromAddressId })
            },
            history: async (addressId) => {
              page = await connected().conversation.getConversationMessages({
                groupId: await join(addressId),
                pageSize: 2
              })
              return page.data
            },
            nextPage: async () => {
              await page?.nextPage()
            },
            replaceToken: (token) => connected().updateToken(token)
          }
        }, identity)
    )
}
