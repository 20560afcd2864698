/** A page that only subscribes to messages and sends them. */
import { SignalWire } from "@effect-signalwire/promise"

export const chat = async (token: string, addressId: string, show: (text: string | null) => void) => {
  const client = await SignalWire({ token })
  await client.conversation.subscribe(({ text }) => show(text))
  return (text: string) => client.conversation.sendMessage({ addressId, text })
}
