/**
 * Limits how deeply JSON is nested. The depth is computed before parsing, so that code that traverses or stringifies
 * the value cannot overflow the stack.
 */

/** The maximum depth. */
const maxDepth = 64

/** Returns whether a JSON string is nested deeper than 64 levels. */
export const isNestedTooDeeply = (text: string): boolean => {
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
