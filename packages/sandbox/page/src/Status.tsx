import { useCallback, useEffect, useState } from "react"

/** A message that assistive technology announces. */
export interface Announcement {
  /** Unique, even if the text is the same as before. */
  readonly id: number
  readonly text: string
}

/** Returns the latest announcement and a function to set the next one. It is cleared after `clearAfter` milliseconds. */
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

/** Shows an announcement. Live regions are announced when their nodes change, so each announcement has a separate node. */
export const Status = ({ announcement: { id, text }, className }: {
  readonly announcement: Announcement
  readonly className?: string
}) => (
  <p role="status" className={className}>
    <span key={id}>{text}</span>
  </p>
)
