/** The environment variables that options default to. */

/** The token and the server that environment variables name. */
export interface Environment {
  readonly token: string | undefined
  readonly host: string | undefined
  readonly urls: { readonly http: string; readonly ws: string } | undefined
}

const property = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined

/**
 * A variable of the bundler or the process, trimmed, because a value that was read from a file may end with a line
 * break. An empty value is treated as undefined.
 */
const variable = (name: string): string | undefined => {
  const sources = [property(import.meta, "env"), property(property(globalThis, "process"), "env")]
  const value = sources.map((source) => property(source, name)).find((value) => value !== undefined)
  const trimmed = typeof value === "string" ? value.trim() : ""
  return trimmed === "" ? undefined : trimmed
}

/** Reads the current values. */
export const read = (): Environment => {
  const http = variable("SIGNALWIRE_HTTP_URL")
  const ws = variable("SIGNALWIRE_WS_URL")
  return {
    token: variable("SIGNALWIRE_TOKEN"),
    host: variable("SIGNALWIRE_HOST"),
    // if only one is set, the other is rejected later as an invalid URL
    urls: http === undefined && ws === undefined ? undefined : { http: http ?? "", ws: ws ?? "" }
  }
}
