/**
 * Subscriber access tokens. They are encrypted; only their header can be read, and of it this SDK needs the host.
 *
 * @since 0.1.0
 */
import * as Base64Url from "effect/encoding/Base64Url"
import * as Result from "effect/Result"
import { decoder, maybe, struct, text } from "./internal/shape.ts"
import { type MalformedValue, parseJson } from "./Malformed.ts"
import type { TokenHeader } from "./Wire.ts"

/** The readable part of a token: `ch` is the socket's host, `typ` is `SAT` or `Refresh`. */
export type Header = typeof TokenHeader.Type

const readHeader = decoder(struct<Header>({ alg: maybe(text), enc: maybe(text), ch: maybe(text), typ: maybe(text) }))

/** The text that is written in Base64url; what the platform has for it is enough, and nothing to load. */
const decodeText = (base64url: string): Result.Result<string, MalformedValue> => {
  try {
    const bytes = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"))
    return Result.succeed(new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0))))
  } catch {
    return Result.fail({ path: "header", message: "not base64url" })
  }
}

/** Reads a token's header. */
export const decodeHeader = (token: string): Result.Result<Header, MalformedValue> =>
  decodeText(token.split(".", 1)[0] ?? "").pipe(Result.flatMap(parseJson), Result.flatMap(readHeader))

/** A text without the token that it may quote. */
export const redact = (text: string, token: string): string =>
  token === "" ? text : text.replaceAll(token, "<redacted>")

/** A token's text: header, no key, and three opaque parts. */
export const encode = (header: Header, opaque: readonly [iv: string, ciphertext: string, tag: string]): string =>
  [Base64Url.encode(JSON.stringify(header)), "", ...opaque].join(".")
