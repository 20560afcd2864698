/**
 * Reading URLs that others wrote.
 *
 * @since 0.1.0
 */

/**
 * Parses a URL, resolved against `base` where it is relative; returns `undefined` for an invalid one. `URL.canParse`
 * would do, and is newer than some platforms.
 */
export const parse = (text: string, base?: string): URL | undefined => {
  try {
    return new URL(text, base)
  } catch {
    return undefined
  }
}
