import { ConversationError, isRecoverable } from "@effect-signalwire/promise"
import { useClient, useConnection } from "@effect-signalwire/react"
import { useEffect, useState } from "react"

/** The names of users and rooms, by address id. */
export type Names = ReadonlyMap<string, string>

export const useNames = (): Names => {
  const { client } = useClient()
  const isConnected = useConnection()._tag === "Connected"
  const [names, setNames] = useState<Names>(new Map())
  useEffect(() => {
    if (client === null) return
    const controller = new AbortController()
    const { signal } = controller
    const read = async () => {
      const found = new Map<string, string>()
      for await (const { display_name, id } of await client.address.getAddresses({ signal })) {
        found.set(id, display_name)
      }
      setNames(found)
    }
    read().catch((error: unknown) => {
      // after failures that may recover, the names are read again once the client has reconnected
      if (!signal.aborted && !(error instanceof ConversationError && isRecoverable(error.reason))) console.error(error)
    })
    return () => controller.abort()
  }, [client, isConnected])
  return names
}
