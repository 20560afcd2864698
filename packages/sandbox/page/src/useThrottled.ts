import { useEffect, useRef, useState } from "react"

/** Limits how often a value changes, to once in `millis` milliseconds. The latest value is always returned in the end. */
export const useThrottled = <A>(value: A, millis: number): A => {
  const [shown, setShown] = useState<{ readonly value: A }>({ value })
  const shownAt = useRef(-Infinity)
  useEffect(() => {
    shownAt.current = performance.now()
  }, [shown])
  useEffect(() => {
    const pause = Math.max(0, shownAt.current + millis - performance.now())
    const timer = setTimeout(() => setShown({ value }), pause)
    return () => clearTimeout(timer)
  }, [value, millis])
  return shown.value
}
