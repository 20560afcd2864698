import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from "react"

/** How close to an end counts as being there. Pixels. */
const near = 48
const nearTop = 320

export interface Scrolling {
  readonly log: RefObject<HTMLDivElement | null>
  readonly onScroll: () => void
  /** Whether something came that is out of sight. */
  readonly isBehind: boolean
  readonly toEnd: () => void
}

/**
 * Keeps what is read where it is: who reads the newest sees the next, and who reads old ones is not moved by what is put
 * before or after. Near the top it asks for older ones.
 */
export const useScrolling = (
  first: string | undefined,
  last: string | undefined,
  loadOlder: () => void
): Scrolling => {
  const log = useRef<HTMLDivElement>(null)
  const [isBehind, setBehind] = useState(false)
  const was = useRef({ first, last, fromEnd: 0, isAtEnd: true })

  const note = () => {
    const element = log.current
    if (element === null) return
    const fromEnd = element.scrollHeight - element.scrollTop
    was.current.fromEnd = fromEnd
    was.current.isAtEnd = fromEnd - element.clientHeight < near
    if (was.current.isAtEnd) setBehind(false)
    if (element.scrollTop < nearTop) loadOlder()
  }

  useLayoutEffect(() => {
    const element = log.current
    if (element === null) return
    const before = was.current
    if (before.isAtEnd) element.scrollTop = element.scrollHeight
    else if (before.first !== first) element.scrollTop = element.scrollHeight - before.fromEnd
    else if (before.last !== last) setBehind(true)
    before.first = first
    before.last = last
    note()
  }, [first, last])

  // the log gets smaller, and messages larger, without another message
  useEffect(() => {
    const element = log.current
    if (element === null) return
    const observer = new ResizeObserver(() => {
      if (was.current.isAtEnd) element.scrollTop = element.scrollHeight
    })
    observer.observe(element)
    if (element.firstElementChild !== null) observer.observe(element.firstElementChild)
    return () => observer.disconnect()
  }, [])

  const toEnd = () => {
    if (log.current !== null) log.current.scrollTop = log.current.scrollHeight
  }
  return { log, onScroll: note, isBehind, toEnd }
}
