/**
 * How deep JSON is nested, computed from its text: what is parsed must be walked, and written again, without running out of
 * stack.
 */

/** How deep a body may be nested. */
const maxDepth = 64

/** Whether a text of JSON is nested deeper than that. */
export const isDeep = (text: string): boolean => {
  let depth = 0
  let quoted = false
  for (let index = 0; index < text.length; index++) {
    const char = text[index]
    if (quoted) {
      if (char === "\\") index++
      else if (char === "\"") quoted = false
    } else if (char === "\"") quoted = true
    else if (char === "{" || char === "[") {
      if (++depth > maxDepth) return true
    } else if (char === "}" || char === "]") depth--
  }
  return false
}
