/** The conversations that a pane can show. Their names are stable when the sandbox restarts. */
import type { Directory, Room, Subscriber } from "./admin/models.ts"

/** The name of a conversation with a room or a subscriber: `room:office`, `subscriber:grace`. */
export type ConversationName = string

/** The user's choice in a pane. */
export interface Choice {
  /** The name of the subscriber that the pane acts as. */
  readonly subscriber: string
  readonly conversation: ConversationName
}

export interface Conversation {
  readonly name: ConversationName
  readonly label: string
  readonly addressId: string
}

/** The subscriber and the conversation of a pane. */
export interface Resolved {
  readonly me: Subscriber
  readonly conversation: Conversation
  /** Identifies the conversation; the same for all of its members. */
  readonly key: string
}

const ofRoom = ({ addressId, name }: Room): Conversation => ({ name: `room:${name}`, label: name, addressId })

const ofSubscriber = ({ addressId, name }: Subscriber): Conversation => ({
  name: `subscriber:${name}`,
  label: name,
  addressId
})

/** The conversations of a subscriber: with every room and every other subscriber. */
export const conversationsOf = ({ rooms, subscribers }: Directory, me: string): ReadonlyArray<Conversation> => [
  ...rooms.map(ofRoom),
  ...subscribers.filter(({ name }) => name !== me).map(ofSubscriber)
]

/** Resolves a choice, or else the first options; `null` if there are none. */
export const resolve = (directory: Directory, choice: Choice, position: number): Resolved | null => {
  const { subscribers } = directory
  const me = subscribers.find(({ name }) => name === choice.subscriber) ?? subscribers[position] ?? subscribers[0]
  if (me === undefined) return null
  const conversations = conversationsOf(directory, me.name)
  const conversation = conversations.find(({ name }) => name === choice.conversation) ?? conversations[0]
  if (conversation === undefined) return null
  const isRoom = directory.rooms.some(({ addressId }) => addressId === conversation.addressId)
  const key = isRoom ? conversation.addressId : [me.addressId, conversation.addressId].toSorted().join(" ")
  return { me, conversation, key }
}

/** The names of rooms and subscribers by address id. */
export const namesOf = ({ rooms, subscribers }: Directory): ReadonlyMap<string, string> =>
  new Map([...rooms, ...subscribers].map(({ addressId, name }) => [addressId, name]))
