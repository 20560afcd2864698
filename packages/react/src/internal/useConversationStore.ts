"use client"
import { useMemo } from "react"
import { useStores } from "../SignalWireProvider.ts"
import * as ClientSource from "./clientSource.ts"
import * as ConversationStore from "./conversationStore.ts"
import * as OutgoingMessages from "./outgoingMessages.ts"
import * as Store from "./store.ts"

/** The store without an address: it is empty, and sending throws because a message needs an address. */
const noConversation: ConversationStore.ConversationStore = {
  timeline: Store.make(ConversationStore.initial),
  outgoing: Store.make([]),
  send: OutgoingMessages.make("", ClientSource.withoutProvider.client, () => {}).send,
  loadOlder: () => Promise.resolve(),
  restart: () => {},
  configure: () => {}
}

/** Returns the store of the conversation with an address, which all components under the provider share. */
export const useConversationStore = (addressId: string | null | undefined): ConversationStore.ConversationStore => {
  const stores = useStores()
  return useMemo(
    () => addressId === null || addressId === undefined ? noConversation : stores.conversation(addressId),
    [stores, addressId]
  )
}
