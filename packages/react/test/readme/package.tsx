import { SignalWireProvider, useConnection, useSendMessage, useTimeline } from "@effect-signalwire/react"
import { useState } from "react"

const Room = ({ addressId }: { addressId: string }) => {
  const connection = useConnection()
  const { hasOlder, loadOlder, messages } = useTimeline(addressId)
  const { send } = useSendMessage(addressId)
  const [text, setText] = useState("")
  return (
    <>
      {connection._tag === "Reconnecting" && <p role="status">Reconnecting…</p>}
      {hasOlder && <button onClick={() => void loadOlder()}>Older messages</button>}
      <ol>
        {messages.map((message) => (
          <li key={message.key}>
            {message.text}
            {message.status === "sending" && " …"}
            {message.status === "failed" && <button onClick={message.retry}>Try again</button>}
          </li>
        ))}
      </ol>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (text === "") return
          send(text)
          setText("")
        }}
      >
        <input aria-label="Message" value={text} onChange={(event) => setText(event.target.value)} />
      </form>
    </>
  )
}

export const App = ({ token }: { token: string }) => (
  <SignalWireProvider options={{ token }}>
    <Room addressId="…" />
  </SignalWireProvider>
)
