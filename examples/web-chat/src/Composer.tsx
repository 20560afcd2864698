import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react"

export interface ComposerProps {
  readonly name: string
  readonly onSend: (text: string) => void
}

/** The input for new messages. Enter sends, Shift+Enter starts a new line. */
export const Composer = ({ name, onSend }: ComposerProps) => {
  const [text, setText] = useState("")
  const input = useRef<HTMLTextAreaElement>(null)
  const instructions = useId()
  // ready to type after a conversation was selected
  useEffect(() => input.current?.focus(), [])

  const send = () => {
    const trimmed = text.trim()
    if (trimmed === "") return
    onSend(trimmed)
    setText("")
    input.current?.focus()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return
    event.preventDefault()
    send()
  }
  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault()
        send()
      }}
    >
      <textarea
        ref={input}
        rows={1}
        value={text}
        aria-label={`Message to ${name}`}
        aria-describedby={instructions}
        placeholder={`Message to ${name}`}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <span id={instructions} className="hidden">Press Enter to send, Shift+Enter for a new line</span>
      <button type="submit" aria-disabled={text.trim() === ""}>Send</button>
    </form>
  )
}
