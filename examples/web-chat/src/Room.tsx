import { useSendMessage, useTimeline } from "@effect-signalwire/react"
import { Avatar } from "./Avatar.tsx"
import { Composer } from "./Composer.tsx"
import type { Person } from "./directory.ts"
import { Messages } from "./Messages.tsx"
import type { Names } from "./useNames.ts"

export interface RoomProps {
  readonly me: Person
  readonly names: Names
  readonly addressId: string
  readonly onLeave: () => void
}

/** One conversation: its messages, and the input for new ones. */
export const Room = ({ addressId, me, names, onLeave }: RoomProps) => {
  const timeline = useTimeline(addressId)
  const { send } = useSendMessage(addressId)
  const name = names.get(addressId) ?? "Conversation"
  return (
    <>
      <header className="title">
        <button type="button" className="back" onClick={onLeave}>
          <span aria-hidden="true">‹</span>
          <span className="hidden">Back to conversations</span>
        </button>
        <Avatar name={name} />
        <h2>{name}</h2>
      </header>
      <Messages timeline={timeline} me={me} names={names} name={name} />
      <Composer name={name} onSend={send} />
    </>
  )
}
