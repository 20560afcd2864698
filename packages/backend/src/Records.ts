/**
 * What the service keeps: one record per thing, and the changes that a store is asked to make durable. The state of a
 * backend is nothing but the changes that were committed, applied in order.
 *
 * @since 0.1.0
 */
import { AddressId, GroupId, MessageId, SubscriberId } from "@effect-signalwire/schema/Ids"
import { JsonObject } from "@effect-signalwire/schema/Wire"
import * as Schema from "effect/Schema"

/** Whose backend this is: the project and the secret of its management endpoints. Made once. */
export const Project = Schema.Struct({
  projectId: Schema.String,
  spaceId: Schema.String,
  apiToken: Schema.String
})
export type Project = typeof Project.Type

/** A person. `createdAt` is in unix milliseconds. */
export const Subscriber = Schema.Struct({
  id: SubscriberId,
  name: Schema.String,
  displayName: Schema.String,
  email: Schema.NullOr(Schema.String),
  createdAt: Schema.Finite
})
export type Subscriber = typeof Subscriber.Type

/** What can be talked to. `resourceId` is the subscriber's or room's own id; `createdAt` is in unix milliseconds. */
export const Address = Schema.Struct({
  id: AddressId,
  type: Schema.Literals(["subscriber", "room"]),
  name: Schema.String,
  displayName: Schema.String,
  resourceId: Schema.String,
  createdAt: Schema.Finite
})
export type Address = typeof Address.Type

/** A minted token. `expiresAt` is in unix seconds. */
export const Token = Schema.Struct({
  token: Schema.String,
  kind: Schema.Literals(["SAT", "Refresh"]),
  jti: Schema.String,
  subscriberId: SubscriberId,
  expiresAt: Schema.Finite
})
export type Token = typeof Token.Type

const text = Schema.optionalKey(Schema.String)

/** What a token says about its subscriber. */
export const Profile = Schema.Struct({
  display_name: text,
  first_name: text,
  last_name: text,
  job_title: text,
  time_zone: text,
  country: text,
  region: text,
  company_name: text
})
export type Profile = typeof Profile.Type

/** A conversation: one room, or a pair of subscribers. `createdAt` is in unix milliseconds. */
export const Group = Schema.Struct({
  id: GroupId,
  addressIds: Schema.Array(AddressId),
  createdAt: Schema.Finite
})
export type Group = typeof Group.Type

/** Who takes part in a conversation. */
export const Member = Schema.Struct({ groupId: GroupId, subscriberId: SubscriberId })
export type Member = typeof Member.Type

/** A message. `seq` is the order in which messages were stored; `micros` its time in unix microseconds. */
export const Message = Schema.Struct({
  seq: Schema.Int,
  id: MessageId,
  groupId: GroupId,
  senderId: SubscriberId,
  fromAddressId: AddressId,
  micros: Schema.Int,
  subtype: Schema.String,
  kind: Schema.NullOr(Schema.String),
  text: Schema.NullOr(Schema.String),
  metadata: JsonObject,
  details: JsonObject,
  hidden: Schema.Boolean
})
export type Message = typeof Message.Type

/** One step in the life of a backend. */
export type Change =
  | { readonly _tag: "ProjectCreated"; readonly identity: Project }
  | { readonly _tag: "SubscriberAdded"; readonly subscriber: Subscriber }
  | { readonly _tag: "AddressAdded"; readonly address: Address }
  | { readonly _tag: "TokenMinted"; readonly token: Token }
  | { readonly _tag: "TokenExpired"; readonly token: string; readonly expiresAt: number }
  /** It is worth nothing, and nobody asks for it any more. */
  | { readonly _tag: "TokenRemoved"; readonly token: string }
  /** What the tokens of a subscriber said about it, before they were forgotten. */
  | { readonly _tag: "SubscriberDescribed"; readonly subscriberId: SubscriberId; readonly profile: Profile }
  /** Somebody without an address, whose tokens were forgotten. */
  | { readonly _tag: "GuestRemoved"; readonly subscriberId: SubscriberId }
  | { readonly _tag: "GroupAdded"; readonly group: Group }
  | { readonly _tag: "MemberJoined"; readonly member: Member }
  | { readonly _tag: "MessageStored"; readonly message: Message }
