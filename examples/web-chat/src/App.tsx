import { SignalWireProvider } from "@effect-signalwire/react"
import { useState } from "react"
import { Avatar } from "./Avatar.tsx"
import { Banner } from "./Banner.tsx"
import { ConversationList } from "./ConversationList.tsx"
import type { Directory, Person } from "./directory.ts"
import { Room } from "./Room.tsx"
import { useNames } from "./useNames.ts"

/** The page of a signed-in user. */
const Chat = ({ me }: { readonly me: Person }) => {
  const names = useNames()
  const [addressId, select] = useState<string | null>(null)
  return (
    <div className="chat" data-view={addressId === null ? "list" : "room"}>
      <header className="hidden">
        <h1>Web chat</h1>
      </header>
      <aside className="side">
        <header className="me">
          <Avatar name={me.name} />
          <h2>
            {me.name}
            <small>Conversations</small>
          </h2>
        </header>
        <ConversationList me={me} names={names} selected={addressId} onSelect={select} />
      </aside>
      <main className="room">
        <Banner />
        {addressId === null
          ? <p className="empty">Select a conversation to start chatting.</p>
          : <Room key={addressId} me={me} names={names} addressId={addressId} onLeave={() => select(null)} />}
      </main>
    </div>
  )
}

/** The application. A link selects the user, in place of a sign-in. */
export const App = ({ directory: { people, urls } }: { readonly directory: Directory }) => {
  const name = new URLSearchParams(location.search).get("as")
  const me = people.find((person) => person.name === name)
  if (me === undefined) {
    return (
      <main className="welcome">
        <h1>Choose a user</h1>
        <p>Open two tabs as different users, and send messages between them.</p>
        <ul>
          {people.map((person) => (
            <li key={person.addressId}>
              <a href={`?as=${encodeURIComponent(person.name)}`}>
                <Avatar name={person.name} />
                {person.name}
              </a>
            </li>
          ))}
        </ul>
      </main>
    )
  }
  return (
    <SignalWireProvider key={me.addressId} options={{ token: me.token, urls }}>
      <Chat me={me} />
    </SignalWireProvider>
  )
}
