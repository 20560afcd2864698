/**
 * The records of a backend, and the changes that are committed to its storage. The state of a backend is the result of applying
 * all committed changes, in order.
 *
 * @since 0.1.0
 */
import { AddressId, GroupId, MessageId, SubscriberId } from "@effect-signalwire/schema/Ids"
import { JsonObject } from "@effect-signalwire/schema/WireSchemas"
import * as Schema from "effect/Schema"

/** The project of a backend, with the API token for its management endpoints. It is created once. */
export const Project = Schema.Struct({
  projectId: Schema.String,
  spaceId: Schema.String,
  apiToken: Schema.String
})
export type Project = typeof Project.Type

/** A subscriber. `createdAt` is in unix milliseconds. */
export const Subscriber = Schema.Struct({
  id: SubscriberId,
  name: Schema.String,
  displayName: Schema.String,
  email: Schema.NullOr(Schema.String),
  createdAt: Schema.Finite
})
export type Subscriber = typeof Subscriber.Type

/** The address of a subscriber or room. `resourceId` is the id of the subscriber or room; `createdAt` is in unix milliseconds. */
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

const optionalString = Schema.optionalKey(Schema.String)

/** The profile of a subscriber, which is set when a token is minted. */
export const Profile = Schema.Struct({
  display_name: optionalString,
  first_name: optionalString,
  last_name: optionalString,
  job_title: optionalString,
  time_zone: optionalString,
  country: optionalString,
  region: optionalString,
  company_name: optionalString
})
export type Profile = typeof Profile.Type

/** A conversation: one room, or a pair of subscribers. `createdAt` is in unix milliseconds. */
export const Group = Schema.Struct({
  id: GroupId,
  addressIds: Schema.Array(AddressId),
  createdAt: Schema.Finite
})
export type Group = typeof Group.Type

/** The membership of a subscriber in a conversation. */
export const Member = Schema.Struct({ groupId: GroupId, subscriberId: SubscriberId })
export type Member = typeof Member.Type

/** A message. `seq` numbers messages in the order in which they were stored; `micros` is the time in unix microseconds. */
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

/** A change of the state of a backend. */
export type Change =
  | { readonly _tag: "ProjectCreated"; readonly identity: Project }
  | { readonly _tag: "SubscriberAdded"; readonly subscriber: Subscriber }
  | { readonly _tag: "AddressAdded"; readonly address: Address }
  | { readonly _tag: "TokenMinted"; readonly token: Token }
  | { readonly _tag: "TokenExpired"; readonly token: string; readonly expiresAt: number }
  /** A token that is no longer valid was removed. */
  | { readonly _tag: "TokenRemoved"; readonly token: string }
  /** The profile of a subscriber was updated. */
  | { readonly _tag: "ProfileUpdated"; readonly subscriberId: SubscriberId; readonly profile: Profile }
  /** A guest without tokens was removed. */
  | { readonly _tag: "GuestRemoved"; readonly subscriberId: SubscriberId }
  | { readonly _tag: "GroupAdded"; readonly group: Group }
  | { readonly _tag: "MemberJoined"; readonly member: Member }
  | { readonly _tag: "MessageStored"; readonly message: Message }
