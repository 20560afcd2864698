import { useCallback, useEffect, useState } from "react"

/** A text that assistive technology reads out when it is set. */
export interface Announcement {
  /** Differs from one to the next, also where the text is the same. */
  readonly id: number
  readonly text: string
}

/** The latest announcement, and what sets the next; it is removed after `clearAfter` milliseconds. */
export const useAnnouncement = (
  clearAfter: number
): [Announcement, (text: string | ((before: string) => string)) => void] => {
  const [announcement, setAnnouncement] = useState<Announcement>({ id: 0, text: "" })
  const announce = useCallback(
    (text: string | ((before: string) => string)) =>
      setAnnouncement((before) => ({ id: before.id + 1, text: typeof text === "string" ? text : text(before.text) })),
    []
  )
  const { text } = announcement
  useEffect(() => {
    if (text === "") return
    const timer = setTimeout(() => announce(""), clearAfter)
    return () => clearTimeout(timer)
  }, [announcement, announce, clearAfter, text])
  return [announcement, announce]
}

/** Shows an announcement. A live region is read out when its nodes change, so each announcement gets one of its own. */
export const Status = ({ announcement: { id, text }, className }: {
  readonly announcement: Announcement
  readonly className?: string
}) => (
  <p role="status" className={className}>
    <span key={id}>{text}</span>
  </p>
)
