import { useClient } from "@effect-signalwire/react"
import { useEffect, useState } from "react"

/** Pauses between two attempts, in milliseconds. */
const firstPause = 500
const longestPause = 5000

/** Joins a conversation; returns whether that is done. Until then it is tried again, for as long as it is shown. */
export const useJoined = (addressId: string): boolean => {
  const { client } = useClient()
  const [joined, setJoined] = useState<string | null>(null)
  useEffect(() => {
    if (client === null) return
    const controller = new AbortController()
    const { signal } = controller
    let timer: ReturnType<typeof setTimeout> | undefined
    const join = async (pause: number) => {
      try {
        await client.conversation.join({ addressId, signal })
        if (!signal.aborted) setJoined(addressId)
      } catch {
        if (!signal.aborted) timer = setTimeout(() => void join(Math.min(pause * 2, longestPause)), pause)
      }
    }
    void join(firstPause)
    return () => {
      controller.abort()
      clearTimeout(timer)
    }
  }, [client, addressId])
  return joined === addressId
}
