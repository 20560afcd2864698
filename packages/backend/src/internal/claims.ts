/**
 * What a token was minted with. As in production it travels inside the token, where clients cannot read it; here it is
 * not encrypted, and only tokens that the state knows are believed.
 */
import { AddressId } from "@effect-signalwire/schema/Ids"
import { decoder } from "@effect-signalwire/schema/SchemaDecoder"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Records from "../Records.ts"

const text = Schema.optionalKey(Schema.String)

export const Claims = Schema.Struct({
  scope: Schema.optionalKey(Schema.Array(Schema.String)),
  /** Thumbprint of the key that the token is bound to. */
  fingerprint: text,
  application_id: text,
  /** Of a guest: what it may see. */
  allowed_addresses: Schema.optionalKey(Schema.Array(AddressId)),
  profile: Schema.optionalKey(Records.Profile)
})
export type Claims = typeof Claims.Type

/** The scope that lets a client renew its token by itself. */
export const refreshScope = "sat:refresh"

const decode = decoder(Schema.fromJsonString(Claims))
const none: Claims = {}

/** The part of a token that holds the claims; nothing when there are none. */
export const seal = (claims: Claims): string | undefined =>
  Object.keys(claims).length === 0 ? undefined : Base64Url.encode(JSON.stringify(claims))

/** The claims of a token. */
export const read = (token: string): Claims => {
  const sealed = token.split(".", 4)[3] ?? ""
  // how every JSON object begins; most tokens have random bytes here
  if (!sealed.startsWith("ey")) return none
  return Result.getOrElse(Result.flatMap(Base64Url.decodeString(sealed), decode), () => none)
}
