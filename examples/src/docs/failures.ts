// file: failures.ts
import { ConversationError, isRecoverable, SignalWire } from "@effect-signalwire/promise"

const client = await SignalWire({
  token: process.env["SIGNALWIRE_TOKEN"] ?? "",
  // called when the token is refused or about to expire; returns `null` if there is no other token
  onRefreshToken: () => null
})

try {
  await client.conversation.getMessages({ since: Date.now(), signal: AbortSignal.timeout(10_000) })
} catch (error) {
  if (!(error instanceof ConversationError)) throw error
  switch (error.reason._tag) {
    case "Invalid":
      for (const { attribute, message } of error.reason.errors) console.log("invalid", attribute, message)
      break
    case "Unauthorized":
      console.log("sign in again")
      break
    default:
      console.log(isRecoverable(error.reason) ? "try again" : "give up", error.message, error.remediation)
  }
}

await client.disconnect()
