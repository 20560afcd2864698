/** A page that shows what is said in a room, and says something: no more of the client than that. */
import { SignalWire } from "@effect-signalwire/promise"

export const chat = async (token: string, addressId: string, show: (text: string | null) => void) => {
  const client = await SignalWire({ token })
  await client.conversation.subscribe(({ text }) => show(text))
  return (text: string) => client.conversation.sendMessage({ addressId, text })
}
