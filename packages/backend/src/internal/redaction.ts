/**
 * Takes secrets out of what is written down by the name of their field, whichever server issued them.
 */
import { isJsonObject } from "@effect-signalwire/schema/JsonObject"

/** Stands for a secret. */
export const mask = "[redacted]"

const names =
  "authorization|authorization_state|jwt_token|refresh_token|refreshtoken|token|dpop_token|device_token|apitoken|api_token|password|credential|access_token|client_secret"
const isSecretName = new RegExp(`^(?:${names})$`, "i")
// the value may be cut off, or be written with escapes
const secretPair = new RegExp(`("(?:${names})"\\s*:\\s*)"(?:\\\\.|[^"\\\\])*"?`, "gi")
const secretParameter = new RegExp(`((?:^|[?&;])(?:${names})=)[^&;#\\s]*`, "gi")

/** A text without secrets. */
export const redactedText = (text: string): string =>
  text.replace(secretPair, `$1"${mask}"`).replace(secretParameter, `$1${mask}`)

/** A value of JSON without secrets. It is not nested deeper than the wire allows. */
export const redactedValue = (value: unknown): unknown => {
  if (typeof value === "string") return redactedText(value)
  if (Array.isArray(value)) return value.map(redactedValue)
  if (!isJsonObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      redactedText(name),
      isSecretName.test(name) && inner !== null && !isJsonObject(inner) ? mask : redactedValue(inner)
    ])
  )
}

/** What is logged of an `authorization` header: its scheme when it is a known one, and nothing of the rest. */
export const redactedAuthorization = (header: string | undefined): string | null => {
  if (header === undefined) return null
  const scheme = /^(bearer|basic|dpop|digest)(?= |$)/i.exec(header)?.[1]
  return scheme === undefined ? mask : `${scheme} ${mask}`
}
