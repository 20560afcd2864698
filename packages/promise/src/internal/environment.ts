/** What the environment says where options do not. */

/** Where to connect, and with which token, as far as the environment says. */
export interface Environment {
  readonly token: string | undefined
  readonly host: string | undefined
  readonly urls: { readonly http: string; readonly ws: string } | undefined
}

const property = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined

/**
 * A variable of the process, or of the bundler, without white space around it, such as the line break of a file it was
 * read from. An empty one is treated as undefined.
 */
const variable = (name: string): string | undefined => {
  const sources = [property(import.meta, "env"), property(property(globalThis, "process"), "env")]
  const value = sources.map((source) => property(source, name)).find((value) => value !== undefined)
  const text = typeof value === "string" ? value.trim() : ""
  return text === "" ? undefined : text
}

/** What the environment says now. */
export const read = (): Environment => {
  const http = variable("SIGNALWIRE_HTTP_URL")
  const ws = variable("SIGNALWIRE_WS_URL")
  return {
    token: variable("SIGNALWIRE_TOKEN"),
    host: variable("SIGNALWIRE_HOST"),
    // one without the other is refused as a bad URL
    urls: http === undefined && ws === undefined ? undefined : { http: http ?? "", ws: ws ?? "" }
  }
}
