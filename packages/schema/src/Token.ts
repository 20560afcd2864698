/**
 * Subscriber access tokens (SAT). They are encrypted: only their header can be read.
 *
 * @since 0.1.0
 */
import * as Base64Url from "effect/encoding/Base64Url"
import * as Result from "effect/Result"
import { decoder, nullish, string, struct } from "./internal/shape.ts"
import { type MalformedValue, parseJson } from "./Malformed.ts"
import type { TokenHeader } from "./WireSchemas.ts"

/** The header of a token, its readable part: `ch` is the host of the socket, `typ` is `SAT` or `Refresh`. */
export type Header = typeof TokenHeader.Type

const decodeHeaderFields = decoder(
  struct<Header>({ alg: nullish(string), enc: nullish(string), ch: nullish(string), typ: nullish(string) })
)

/** Decodes a base64url string with platform APIs, so that browsers load no code for it. */
const decodeBase64Url = (base64url: string): Result.Result<string, MalformedValue> => {
  try {
    const bytes = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"))
    return Result.succeed(new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0))))
  } catch {
    return Result.fail({ path: "header", message: "not base64url" })
  }
}

/** Decodes the header of a token. The failure never contains any part of the token. */
export const decodeHeader = (token: string): Result.Result<Header, MalformedValue> =>
  decodeBase64Url(token.split(".", 1)[0] ?? "").pipe(Result.flatMap(parseJson), Result.flatMap(decodeHeaderFields))

/** Encodes a token (compact JWE): the header, an empty key, and three opaque parts. */
export const encode = (header: Header, opaque: readonly [iv: string, ciphertext: string, tag: string]): string =>
  [Base64Url.encode(JSON.stringify(header)), "", ...opaque].join(".")
