/**
 * Exports a conversation, or everything, as NDJSON: one message a line, newest first, with progress on stderr. Pages are
 * read ahead while lines are written, and whatever the length, only a few pages are in memory.
 *
 *     node examples/src/export-conversation.ts [addressId] > messages.ndjson
 *
 * It reads `SIGNALWIRE_TOKEN`, and `SIGNALWIRE_HOST` when the token names none.
 */
import { type ConversationMessage, SignalWire } from "@effect-signalwire/promise"
import { once } from "node:events"

const [addressId] = process.argv.slice(2)

/** How far back the export has come, drawn over itself where stderr is a terminal. */
const progress = () => {
  let count = 0
  let drawnAt = 0
  const draw = (reached: string, end: string): void => {
    const bar = "█".repeat(Math.min(40, Math.ceil(Math.log2(count + 1) * 2)))
    process.stderr.write(`${process.stderr.isTTY ? "\r\x1b[K" : ""}${bar} ${count} messages${reached}${end}`)
  }
  return {
    step: ({ ts }: ConversationMessage): void => {
      count++
      if (!process.stderr.isTTY || Date.now() - drawnAt < 100) return
      drawnAt = Date.now()
      draw(`, back to ${new Date(ts * 1000).toISOString()}`, "")
    },
    end: (): void => draw("", "\n")
  }
}

await using client = await SignalWire()
const bar = progress()
const messages = addressId === undefined
  ? await client.conversation.getMessages({ pageSize: 100 })
  : await client.conversation.getConversationMessages({ addressId, pageSize: 100 })
for await (const message of messages) {
  // a reader that is slower than the server is waited for
  if (!process.stdout.write(`${JSON.stringify(message)}\n`)) await once(process.stdout, "drain")
  bar.step(message)
}
bar.end()
