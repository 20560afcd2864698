/** Messages in the storage of a backend. */
import type { Message } from "@effect-signalwire/backend/Records"
import { AddressId, GroupId, MessageId, SubscriberId } from "@effect-signalwire/schema/Ids"

export const ada = SubscriberId.make("00000000-0000-4000-8000-000000000001")
export const office = AddressId.make("00000000-0000-4000-8000-000000000003")
export const groupId = GroupId.make(`sw_${office}`)

/** A message of ada in the office. */
export const messageOf = (id: string, seq: number, micros: number, more: Partial<Message> = {}): Message => ({
  seq,
  id: MessageId.make(id),
  groupId,
  senderId: ada,
  fromAddressId: office,
  micros,
  subtype: "chat",
  kind: null,
  text: null,
  metadata: {},
  details: {},
  hidden: false,
  ...more
})
