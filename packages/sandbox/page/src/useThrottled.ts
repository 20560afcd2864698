import { useEffect, useRef, useState } from "react"

/** A value that changes often, at most once in so many milliseconds, and the latest one in the end. */
export const useThrottled = <A>(value: A, millis: number): A => {
  const [shown, setShown] = useState<{ readonly value: A }>({ value })
  const shownAt = useRef(-Infinity)
  useEffect(() => {
    shownAt.current = performance.now()
  }, [shown])
  useEffect(() => {
    const timer = setTimeout(() => setShown({ value }), shownAt.current + millis - performance.now())
    return () => clearTimeout(timer)
  }, [value, millis])
  return shown.value
}
