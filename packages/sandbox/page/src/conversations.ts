/** The conversations that a pane can show, by names that stay the same when the sandbox starts again. */
import type { Directory, Room, Subscriber } from "./admin/models.ts"

/** A conversation with a room or a person: `room:office`, `subscriber:grace`. */
export type ConversationName = string

/** What a pane shows, as it was chosen. */
export interface Choice {
  /** The name of the subscriber whom it acts as. */
  readonly subscriber: string
  readonly conversation: ConversationName
}

export interface Conversation {
  readonly name: ConversationName
  readonly label: string
  readonly addressId: string
}

/** What a pane shows, as it is in the sandbox at present. */
export interface Resolved {
  readonly me: Subscriber
  readonly conversation: Conversation
  /** The same for both sides of a conversation. */
  readonly key: string
}

const ofRoom = ({ addressId, name }: Room): Conversation => ({ name: `room:${name}`, label: name, addressId })

const ofSubscriber = ({ addressId, name }: Subscriber): Conversation => ({
  name: `subscriber:${name}`,
  label: name,
  addressId
})

/** The conversations of a subscriber: with every room, and with everybody else. */
export const conversationsOf = ({ rooms, subscribers }: Directory, me: string): ReadonlyArray<Conversation> => [
  ...rooms.map(ofRoom),
  ...subscribers.filter(({ name }) => name !== me).map(ofSubscriber)
]

/** Finds what was chosen, or what comes first where that is not there; `null` where there is nothing to choose from. */
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

/** The names of rooms and people by their addresses. */
export const namesOf = ({ rooms, subscribers }: Directory): ReadonlyMap<string, string> =>
  new Map([...rooms, ...subscribers].map(({ addressId, name }) => [addressId, name]))
