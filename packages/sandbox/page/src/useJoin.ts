import { useClient } from "@effect-signalwire/react"
import { useEffect, useState } from "react"

/** The first and the longest pause between two attempts, in milliseconds. */
const firstPause = 500
const longestPause = 5000

/**
 * Joins a conversation, and retries until it has succeeded. Returns `null` at first, and then `"joined"` or the error of the last
 * attempt.
 */
export const useJoin = (addressId: string): "joined" | Error | null => {
  const { client } = useClient()
  const [[joining, outcome], set] = useState<[addressId: string, outcome: "joined" | Error | null]>([addressId, null])
  useEffect(() => {
    if (client === null) return
    const controller = new AbortController()
    const { signal } = controller
    let timer: ReturnType<typeof setTimeout> | undefined
    const join = async (pause: number) => {
      const outcome = await client.conversation.join({ addressId, signal }).then(() => "joined" as const, toError)
      if (signal.aborted) return
      set([addressId, outcome])
      if (outcome !== "joined") timer = setTimeout(() => void join(Math.min(pause * 2, longestPause)), pause)
    }
    void join(firstPause)
    return () => {
      controller.abort()
      clearTimeout(timer)
    }
  }, [client, addressId])
  return joining === addressId ? outcome : null
}

const toError = (error: unknown): Error => error instanceof Error ? error : new Error(String(error))
