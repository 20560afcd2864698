/**
 * Parses URLs without exceptions.
 *
 * Shared by the client packages; not part of the stable API.
 *
 * @since 0.1.0
 */

/**
 * Parses a URL, which is resolved against `base` if it is relative. Returns `undefined` for an invalid URL. `URL.parse`
 * does the same, but some supported platforms do not have it.
 */
export const parse = (url: string, base?: string): URL | undefined => {
  try {
    return new URL(url, base)
  } catch {
    return undefined
  }
}
