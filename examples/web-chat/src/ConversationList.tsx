import { type ListedConversation, useConversations } from "@effect-signalwire/react"
import { useEffect, useState } from "react"
import { Avatar } from "./Avatar.tsx"
import type { Person } from "./directory.ts"
import type { Names } from "./useNames.ts"

interface Item {
  readonly addressId: string
  readonly name: string
  readonly conversation: ListedConversation | null
}

/** The conversations, most recently active first, followed by all other addresses. */
const toItems = (conversations: ReadonlyArray<ListedConversation>, names: Names, me: Person): ReadonlyArray<Item> => {
  const known = conversations.flatMap((conversation): ReadonlyArray<Item> =>
    conversation.address_id === null ? [] : [{
      addressId: conversation.address_id,
      name: names.get(conversation.address_id) ?? conversation.name,
      conversation
    }]
  )
  const shown = new Set([me.addressId, ...known.map(({ addressId }) => addressId)])
  const others = [...names].filter(([addressId]) => !shown.has(addressId))
  return [...known, ...others.map(([addressId, name]): Item => ({ addressId, name, conversation: null }))]
}

const days = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" })

/** The number of calendar days since a time, such as "today" or "yesterday". */
const daysAgo = (millis: number): string => {
  const midnight = (date: Date): number => date.setHours(0, 0, 0, 0)
  return days.format(Math.round((midnight(new Date(millis)) - midnight(new Date())) / 86_400_000), "day")
}

const preview = ({ conversation }: Item, names: Names, me: Person): string => {
  if (conversation === null) return "Say hello"
  const { lastMessage } = conversation
  if (lastMessage === null) return `Active ${daysAgo(conversation.last_message_at)}`
  const from = lastMessage.from_address_id
  const name = from === me.addressId ? "You" : names.get(from ?? "")?.split(" ")[0]
  return name === undefined ? lastMessage.text ?? "" : `${name}: ${lastMessage.text ?? ""}`
}

/** The address ids of conversations with messages that were not shown yet. */
const useUnread = (items: ReadonlyArray<Item>, selected: string | null, me: Person): ReadonlySet<string> => {
  const [seen, setSeen] = useState<ReadonlyMap<string, string>>(new Map())
  const latest = items.find(({ addressId }) => addressId === selected)?.conversation?.lastMessage?.id
  useEffect(() => {
    if (selected !== null && latest !== undefined) setSeen((seen) => new Map(seen).set(selected, latest))
  }, [selected, latest])
  return new Set(
    items.filter(({ addressId, conversation }) => {
      const message = conversation?.lastMessage ?? null
      return message !== null && addressId !== selected && message.from_address_id !== me.addressId &&
        seen.get(addressId) !== message.id
    }).map(({ addressId }) => addressId)
  )
}

export interface ConversationListProps {
  readonly me: Person
  readonly names: Names
  readonly selected: string | null
  readonly onSelect: (addressId: string) => void
}

export const ConversationList = ({ selected, me, names, onSelect }: ConversationListProps) => {
  const { conversations, error, reason, refresh, status } = useConversations()
  const items = toItems(conversations, names, me)
  const unread = useUnread(items, selected, me)
  return (
    <nav aria-label="Conversations" aria-busy={status === "loading"}>
      {error !== null && (
        <p role="alert" className="failure">
          {error.message} <button type="button" onClick={() => void refresh()}>Try again</button>
        </p>
      )}
      {status === "loading" && items.length === 0 && (
        <p className="start">
          {reason === null ? "Loading…" : "Conversations will appear when the connection is restored."}
        </p>
      )}
      <ul>
        {items.map((item) => (
          <li key={item.addressId}>
            <button
              type="button"
              aria-current={item.addressId === selected ? "true" : undefined}
              onClick={() => onSelect(item.addressId)}
            >
              <Avatar name={item.name} />
              <span className="who">
                <strong>{item.name}</strong>
                <span className="preview">{preview(item, names, me)}</span>
              </span>
              {unread.has(item.addressId) && (
                <span className="unread">
                  <span className="hidden">New messages</span>
                </span>
              )}
            </button>
          </li>
        ))}
      </ul>
    </nav>
  )
}
