import { SignalWireProvider, useSendMessage, useTimeline } from "@effect-signalwire/react"

const Room = ({ addressId }: { addressId: string }) => {
  const { messages } = useTimeline(addressId)
  const { send } = useSendMessage(addressId)
  return (
    <>
      <ol>{messages.map(({ key, status, text }) => <li key={key} data-status={status}>{text}</li>)}</ol>
      <button onClick={() => send("Hello!")}>Send hello</button>
    </>
  )
}

export const App = ({ token, addressId }: { token: string; addressId: string }) => (
  <SignalWireProvider options={{ token }}>
    <Room addressId={addressId} />
  </SignalWireProvider>
)
