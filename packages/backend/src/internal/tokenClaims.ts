/**
 * The claims of a token. As in production they are part of the token and opaque to clients; here they are not encrypted, and
 * only tokens that the backend has minted are accepted.
 */
import { AddressId } from "@effect-signalwire/schema/Ids"
import { decoder } from "@effect-signalwire/schema/SchemaDecoder"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Records from "../Records.ts"

const optionalString = Schema.optionalKey(Schema.String)

export const TokenClaims = Schema.Struct({
  scope: Schema.optionalKey(Schema.Array(Schema.String)),
  /** Thumbprint of the key that the token is bound to. */
  fingerprint: optionalString,
  application_id: optionalString,
  /** The addresses that a guest can see. */
  allowed_addresses: Schema.optionalKey(Schema.Array(AddressId)),
  profile: Schema.optionalKey(Records.Profile)
})
export type TokenClaims = typeof TokenClaims.Type

/** The scope that allows a client to renew its own token. */
export const refreshScope = "sat:refresh"

const decodeJson = decoder(Schema.fromJsonString(TokenClaims))
const none: TokenClaims = {}

/** Encodes claims as the payload of a token; `undefined` if there are none. */
export const encode = (claims: TokenClaims): string | undefined =>
  Object.keys(claims).length === 0 ? undefined : Base64Url.encode(JSON.stringify(claims))

/** Decodes the claims of a token. */
export const decode = (token: string): TokenClaims => {
  const payload = token.split(".", 4)[3] ?? ""
  // the prefix of every encoded JSON object; the payload of a token without claims is random
  if (!payload.startsWith("ey")) return none
  return Result.getOrElse(Result.flatMap(Base64Url.decodeString(payload), decodeJson), () => none)
}
