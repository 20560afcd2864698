"use client"
import { useMemo } from "react"
import { useStores } from "../SignalWireProvider.ts"
import * as Conversation from "./conversation.ts"
import * as Outgoing from "./outgoing.ts"
import * as Source from "./source.ts"
import * as Store from "./store.ts"

/** Where no conversation is chosen: nothing is there, nothing happens, and no message has an address. */
const nobody: Conversation.Conversation = {
  timeline: Store.make(Conversation.initial),
  outgoing: Store.make([]),
  send: Outgoing.make("", Source.none.client, () => {}).send,
  loadOlder: () => Promise.resolve(),
  restart: () => {},
  configure: () => {}
}

/** The conversation with an address, shared by all components under the provider. */
export const useConversation = (addressId: string | null | undefined): Conversation.Conversation => {
  const stores = useStores()
  return useMemo(
    () => addressId === null || addressId === undefined ? nobody : stores.conversation(addressId),
    [stores, addressId]
  )
}
