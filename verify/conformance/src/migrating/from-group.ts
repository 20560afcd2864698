// before: from-group.ts
import { SignalWire } from "vendor-group"

const client = await SignalWire({ token: process.env["SIGNALWIRE_TOKEN"] ?? "" })

const { data: [room] } = await client.address.getAddresses({ type: "room" })
const [me] = await client.address.getMyAddresses()
if (room === undefined || me === undefined) throw new Error("there is no room")

const { group_id: groupId } = await client.conversation.join({
  addressIds: [room.id, me.id],
  fromAddressId: me.id
})
const chat = await client.chat.subscribe({
  // it says address, and compares it with the group
  addressId: groupId,
  onMessage: (message) => console.log("received", message.text)
})
await client.conversation.sendMessage({
  groupId,
  fromAddressId: me.id,
  text: "Hello!",
  metadata: { tone: "casual" }
})

const page = await client.conversation.getConversationMessages({ groupId, pageSize: 10 })
for (const message of page.data) console.log("stored", message.text, message.group_id)

chat.unsubscribe()
await client.disconnect()
