import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from "react"

/** The distance to the end that counts as being there, and the distance to the top that loads more. Pixels. */
const nearEnd = 48
const nearTop = 320

export interface Scrolling {
  readonly log: RefObject<HTMLDivElement | null>
  readonly onScroll: () => void
  /** Whether there are new messages below the visible ones. */
  readonly hasNewBelow: boolean
  readonly scrollToEnd: () => void
}

/**
 * Keeps the scroll position when messages are added: at the end it follows new messages, and elsewhere the visible
 * messages stay in place. Near the top it loads older messages.
 */
export const useScrolling = (
  first: string | undefined,
  last: string | undefined,
  loadOlder: () => void
): Scrolling => {
  const log = useRef<HTMLDivElement>(null)
  const [hasNewBelow, setNewBelow] = useState(false)
  const previous = useRef({ first, last, fromEnd: 0, isAtEnd: true })

  const onScroll = () => {
    const element = log.current
    if (element === null) return
    const fromEnd = element.scrollHeight - element.scrollTop
    previous.current.fromEnd = fromEnd
    previous.current.isAtEnd = fromEnd - element.clientHeight < nearEnd
    if (previous.current.isAtEnd) setNewBelow(false)
    if (element.scrollTop < nearTop) loadOlder()
  }

  useLayoutEffect(() => {
    const element = log.current
    if (element === null) return
    const before = previous.current
    if (before.isAtEnd) element.scrollTop = element.scrollHeight
    else if (before.first !== first) element.scrollTop = element.scrollHeight - before.fromEnd
    else if (before.last !== last) setNewBelow(true)
    before.first = first
    before.last = last
    onScroll()
  }, [first, last])

  // the size of the log and of its messages may change without a new message
  useEffect(() => {
    const element = log.current
    if (element === null) return
    const observer = new ResizeObserver(() => {
      if (previous.current.isAtEnd) element.scrollTop = element.scrollHeight
    })
    observer.observe(element)
    if (element.firstElementChild !== null) observer.observe(element.firstElementChild)
    return () => observer.disconnect()
  }, [])

  const scrollToEnd = () => {
    if (log.current !== null) log.current.scrollTop = log.current.scrollHeight
  }
  return { log, onScroll, hasNewBelow, scrollToEnd }
}
