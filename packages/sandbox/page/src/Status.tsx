import { useCallback, useEffect, useState } from "react"

/** A text that assistive technology reads out when it is set. */
export interface Announcement {
  /** Differs from one to the next, also where the text is the same. */
  readonly id: number
  readonly text: string
}

/** The latest announcement, and what sets the next; it is removed after `clearAfter` milliseconds, `null` for never. */
export const useAnnouncement = (clearAfter: number | null): [Announcement, (text: string) => void] => {
  const [announcement, setAnnouncement] = useState<Announcement>({ id: 0, text: "" })
  const announce = useCallback((text: string) => setAnnouncement(({ id }) => ({ id: id + 1, text })), [])
  const { text } = announcement
  useEffect(() => {
    if (clearAfter === null || text === "") return
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
