/**
 * Subscriber access tokens. They are encrypted: only their header can be read.
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

/** Decodes Base64url text with what every platform has, so that browsers load nothing for it. */
const decodeText = (base64url: string): Result.Result<string, MalformedValue> => {
  try {
    const bytes = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"))
    return Result.succeed(new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0))))
  } catch {
    return Result.fail({ path: "header", message: "not base64url" })
  }
}

/** Decodes the header of a token. */
export const decodeHeader = (token: string): Result.Result<Header, MalformedValue> =>
  decodeText(token.split(".", 1)[0] ?? "").pipe(Result.flatMap(parseJson), Result.flatMap(readHeader))

/** Encodes a token: the header, no key, and three opaque parts. */
export const encode = (header: Header, opaque: readonly [iv: string, ciphertext: string, tag: string]): string =>
  [Base64Url.encode(JSON.stringify(header)), "", ...opaque].join(".")
