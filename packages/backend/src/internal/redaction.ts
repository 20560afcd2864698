/**
 * Redacts secrets by the name of their field, whichever server issued them.
 */
import { isJsonObject } from "@effect-signalwire/schema/JsonObject"

/** Replaces a secret. */
export const mask = "[redacted]"

const names =
  "authorization|authorization_state|jwt_token|refresh_token|refreshtoken|token|dpop_token|device_token|apitoken|api_token|password|credential|access_token|client_secret"
const isSecretName = new RegExp(`^(?:${names})$`, "i")
// the value may contain escapes, or be cut off
const secretPair = new RegExp(`("(?:${names})"\\s*:\\s*)"(?:\\\\.|[^"\\\\])*"?`, "gi")
const secretParameter = new RegExp(`((?:^|[?&;])(?:${names})=)[^&;#\\s]*`, "gi")

/** Redacts the secrets in a string of any format. */
export const redactString = (text: string): string =>
  text.replace(secretPair, `$1"${mask}"`).replace(secretParameter, `$1${mask}`)

/** Redacts the secrets in a JSON value. Recursive; the depth of values is limited when they are received. */
export const redactValue = (value: unknown): unknown => {
  if (typeof value === "string") return redactString(value)
  if (Array.isArray(value)) return value.map(redactValue)
  if (!isJsonObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      redactString(name),
      isSecretName.test(name) && inner !== null && !isJsonObject(inner) ? mask : redactValue(inner)
    ])
  )
}

/** Redacts an `authorization` header, except for its scheme if that is a known one. */
export const redactAuthorization = (header: string | undefined): string | null => {
  if (header === undefined) return null
  const scheme = /^(bearer|basic|dpop|digest)(?= |$)/i.exec(header)?.[1]
  return scheme === undefined ? mask : `${scheme} ${mask}`
}
