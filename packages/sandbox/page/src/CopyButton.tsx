import { useEffect, useRef, useState } from "react"

export interface CopyButtonProps {
  readonly text: string
  /** Describes the text, for assistive technology. */
  readonly what: string
  readonly onCopied: (message: string) => void
}

/** How long the button shows that the text was copied, in milliseconds. */
const copiedFor = 2000

/** Copies text to the clipboard; if the browser refuses that, shows it selected. */
export const CopyButton = ({ onCopied, text, what }: CopyButtonProps) => {
  const [state, setState] = useState<"idle" | "copied" | "refused">("idle")
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (state === "refused") input.current?.select()
    if (state !== "copied") return
    const timer = setTimeout(() => setState("idle"), copiedFor)
    return () => clearTimeout(timer)
  }, [state])
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
      setState("copied")
      onCopied(`Copied: ${what}.`)
    } catch {
      setState("refused")
    }
  }
  return state === "refused"
    ? (
      <input
        ref={input}
        readOnly
        value={text}
        aria-label={`${what}: copy it from here`}
        onBlur={() => setState("idle")}
      />
    )
    : (
      <button type="button" onClick={() => void copy()}>
        {state === "copied" ? "Copied" : "Copy"} <span className="hidden">{what}</span>
      </button>
    )
}
