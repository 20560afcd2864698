import { useMemo } from "react"

const token = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g

interface Part {
  readonly at: number
  readonly text: string
  readonly kind: "key" | "string" | "literal" | "plain"
}

/** Splits JSON into tokens for highlighting. */
const partsOf = (json: string): ReadonlyArray<Part> => {
  const parts: Array<Part> = []
  let at = 0
  const push = (to: number, kind: Part["kind"]) => {
    if (to > at) parts.push({ at, text: json.slice(at, to), kind })
    at = to
  }
  for (const found of json.matchAll(token)) {
    const [, quoted, colon] = found
    push(found.index, "plain")
    if (quoted === undefined) push(found.index + found[0].length, "literal")
    else push(found.index + quoted.length, colon === undefined ? "string" : "key")
  }
  push(json.length, "plain")
  return parts
}

/** JSON, indented and highlighted. */
export const Json = ({ label, value }: { readonly label: string; readonly value: unknown }) => {
  const parts = useMemo(() => partsOf(JSON.stringify(value, null, 2)), [value])
  return (
    <pre className="json" role="region" aria-label={label} tabIndex={0}>
      {parts.map(({ at, kind, text }) => kind === "plain" ? text : <span key={at} data-kind={kind}>{text}</span>)}
    </pre>
  )
}
