// before: from-v4.ts
import { SignalWire, StaticCredentialProvider } from "vendor-v4"

const token = process.env["SIGNALWIRE_TOKEN"] ?? ""
const client = new SignalWire(new StaticCredentialProvider({ token }))

/** Shows a conversation, and says hello in it, once its address is known. */
export const show = (addressId: string): void => {
  client.directory?.get$(addressId)?.subscribe((address) => {
    address.textMessages$.subscribe((texts) => {
      // newest first as far as they were read, then what came live, of any conversation
      for (const message of texts?.values ?? []) console.log("shown", message.text)
    })
    void address.sendText("Hello!")
  })
}
