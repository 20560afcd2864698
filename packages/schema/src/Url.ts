/**
 * Reading URLs that others wrote.
 *
 * @since 0.1.0
 */

/**
 * The URL that a text is, resolved against `base` where it is relative; `undefined` for what is no URL. Not by
 * `URL.canParse`, which is younger than some platforms.
 */
export const parse = (text: string, base?: string): URL | undefined => {
  try {
    return new URL(text, base)
  } catch {
    return undefined
  }
}
