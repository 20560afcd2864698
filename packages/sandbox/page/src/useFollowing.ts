import { type RefObject, useLayoutEffect, useRef } from "react"

/** How close to the end counts as being there, in pixels. */
const near = 24

export interface Following<E extends HTMLElement> {
  readonly ref: RefObject<E | null>
  readonly onScroll: () => void
}

/** Keeps the end of a scrolling element in sight as its content grows, unless somebody has scrolled away from it. */
export const useFollowing = <E extends HTMLElement>(content: unknown): Following<E> => {
  const ref = useRef<E>(null)
  const isAtEnd = useRef(true)
  useLayoutEffect(() => {
    if (ref.current !== null && isAtEnd.current) ref.current.scrollTop = ref.current.scrollHeight
  }, [content])
  const onScroll = () => {
    const element = ref.current
    if (element === null) return
    isAtEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < near
  }
  return { ref, onScroll }
}
