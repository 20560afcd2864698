import type { CSSProperties } from "react"

/** A hue for a name. Similar names get very different ones. */
const hue = (name: string): number =>
  (Array.from(name).reduce((sum, letter) => sum + letter.charCodeAt(0), 0) * 137) % 360

const initials = (name: string): string =>
  name.replace(/^The /, "").split(/\s+/).slice(0, 2).map((word) => word.slice(0, 1)).join("").toUpperCase()

const hueOf = (name: string): CSSProperties & { readonly "--hue": number } => ({ "--hue": hue(name) })

/**
 * The initials of a name on a colored background. Hidden from screen readers, because the name itself is next to it.
 */
export const Avatar = ({ name }: { readonly name: string }) => (
  <span className="avatar" style={hueOf(name)} aria-hidden="true">{initials(name)}</span>
)
