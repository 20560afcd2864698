/**
 * Exports the messages of one conversation, or of all, as NDJSON: one message per line, newest first, with progress on
 * stderr. Pages are read on demand, so memory use does not depend on the number of messages.
 *
 *     node examples/src/export-conversation.ts [addressId] > messages.ndjson
 *
 * Reads `SIGNALWIRE_TOKEN`, and `SIGNALWIRE_HOST` if the token names no host.
 */
import { type ConversationMessage, SignalWire } from "@effect-signalwire/promise"
import { once } from "node:events"

const [addressId] = process.argv.slice(2)

/** A progress bar on stderr, which is redrawn in place if stderr is a terminal. */
const makeProgress = () => {
  let count = 0
  let drawnAt = 0
  const draw = (position: string, end: string): void => {
    const bar = "█".repeat(Math.min(40, Math.ceil(Math.log2(count + 1) * 2)))
    process.stderr.write(`${process.stderr.isTTY ? "\r\x1b[K" : ""}${bar} ${count} messages${position}${end}`)
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
const progress = makeProgress()
const messages = addressId === undefined
  ? await client.conversation.getMessages({ pageSize: 100 })
  : await client.conversation.getConversationMessages({ addressId, pageSize: 100 })
for await (const message of messages) {
  // wait for a reader that is slower than the server
  if (!process.stdout.write(`${JSON.stringify(message)}\n`)) await once(process.stdout, "drain")
  progress.step(message)
}
progress.end()
