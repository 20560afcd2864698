import { type RefObject, useLayoutEffect, useRef } from "react"

/** The distance from the end that counts as being at the end, in pixels. */
const threshold = 24

export interface StickToBottom<E extends HTMLElement> {
  readonly ref: RefObject<E | null>
  readonly onScroll: () => void
}

/** Keeps an element scrolled to its end as its content grows, unless the user has scrolled away from the end. */
export const useStickToBottom = <E extends HTMLElement>(content: unknown): StickToBottom<E> => {
  const ref = useRef<E>(null)
  const isAtEnd = useRef(true)
  useLayoutEffect(() => {
    if (ref.current !== null && isAtEnd.current) ref.current.scrollTop = ref.current.scrollHeight
  }, [content])
  const onScroll = () => {
    const element = ref.current
    if (element === null) return
    isAtEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < threshold
  }
  return { ref, onScroll }
}
