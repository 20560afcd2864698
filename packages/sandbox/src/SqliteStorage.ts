/**
 * Stores the state of a backend in a SQLite file. Changes are durable before requests are responded to, so a process that is
 * killed loses nothing that it has confirmed. The file is locked by one process at a time.
 *
 * @since 0.1.0
 */
import * as Records from "@effect-signalwire/backend/Records"
import { Storage, StorageError } from "@effect-signalwire/backend/Storage"
import { SubscriberId } from "@effect-signalwire/schema/Ids"
import { JsonObject } from "@effect-signalwire/schema/WireSchemas"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import * as SqlError from "effect/sql/SqlError"
import { existsSync, realpathSync } from "node:fs"
import { resolve } from "node:path"
import * as DatabaseFile from "./internal/databaseFile.ts"
import { migrate, migrations } from "./internal/migrations.ts"
import * as SqliteClient from "./SqliteClient.ts"

// Rows: records with snake_case names, with lists and objects as JSON strings, and booleans as 0 and 1

const IdentityRow = Schema.Struct(Records.Project.fields).pipe(Schema.encodeKeys({
  projectId: "project_id",
  spaceId: "space_id",
  apiToken: "api_token"
}))
const SubscriberRow = Schema.Struct(Records.Subscriber.fields).pipe(Schema.encodeKeys({
  displayName: "display_name",
  createdAt: "created_at"
}))
const AddressRow = Schema.Struct(Records.Address.fields).pipe(Schema.encodeKeys({
  displayName: "display_name",
  resourceId: "resource_id",
  createdAt: "created_at"
}))
const TokenRow = Schema.Struct(Records.Token.fields).pipe(Schema.encodeKeys({
  subscriberId: "subscriber_id",
  expiresAt: "expires_at"
}))
const GroupRow = Schema.Struct({
  ...Records.Group.fields,
  addressIds: Schema.fromJsonString(Records.Group.fields.addressIds)
}).pipe(Schema.encodeKeys({ addressIds: "address_ids", createdAt: "created_at" }))
const ProfileRow = Schema.Struct({
  subscriberId: SubscriberId,
  profile: Schema.fromJsonString(Records.Profile)
}).pipe(Schema.encodeKeys({ subscriberId: "subscriber_id" }))
const MemberRow = Schema.Struct(Records.Member.fields).pipe(Schema.encodeKeys({
  groupId: "group_id",
  subscriberId: "subscriber_id"
}))
const MessageRow = Schema.Struct({
  ...Records.Message.fields,
  metadata: Schema.fromJsonString(JsonObject),
  details: Schema.fromJsonString(JsonObject),
  hidden: Schema.BooleanFromBit
}).pipe(Schema.encodeKeys({
  groupId: "group_id",
  senderId: "sender_id",
  fromAddressId: "from_address_id"
}))

const decodeIdentities = Schema.decodeUnknownEffect(Schema.Array(IdentityRow))
const decodeSubscribers = Schema.decodeUnknownEffect(Schema.Array(SubscriberRow))
const decodeAddresses = Schema.decodeUnknownEffect(Schema.Array(AddressRow))
const decodeTokens = Schema.decodeUnknownEffect(Schema.Array(TokenRow))
const decodeGroups = Schema.decodeUnknownEffect(Schema.Array(GroupRow))
const decodeProfiles = Schema.decodeUnknownEffect(Schema.Array(ProfileRow))
const decodeMembers = Schema.decodeUnknownEffect(Schema.Array(MemberRow))
const decodeMessages = Schema.decodeUnknownEffect(Schema.Array(MessageRow))

const encodeIdentity = Schema.encodeEffect(IdentityRow)
const encodeSubscriber = Schema.encodeEffect(SubscriberRow)
const encodeAddress = Schema.encodeEffect(AddressRow)
const encodeToken = Schema.encodeEffect(TokenRow)
const encodeGroup = Schema.encodeEffect(GroupRow)
const encodeProfile = Schema.encodeEffect(ProfileRow)
const encodeMember = Schema.encodeEffect(MemberRow)
const encodeMessage = Schema.encodeEffect(MessageRow)

/** The message of SQLite, such as "database or disk is full", or of another error. */
const reasonOf = (error: unknown): string => {
  if (error instanceof SqlError.SqlError) return reasonOf(error.reason.cause)
  return error instanceof Error ? error.message : String(error)
}

const toStorageError = (message: string) => (cause: Error): StorageError =>
  new StorageError({ message: `${message}: ${reasonOf(cause)}`, cause })

const load = (sql: SqlClient.SqlClient) =>
  Effect.gen(function*() {
    const changes: Array<Records.Change> = []
    for (const identity of yield* decodeIdentities(yield* sql`SELECT * FROM identity`)) {
      changes.push({ _tag: "ProjectCreated", identity })
    }
    for (const subscriber of yield* decodeSubscribers(yield* sql`SELECT * FROM subscribers ORDER BY rowid`)) {
      changes.push({ _tag: "SubscriberAdded", subscriber })
    }
    for (const address of yield* decodeAddresses(yield* sql`SELECT * FROM addresses ORDER BY rowid`)) {
      changes.push({ _tag: "AddressAdded", address })
    }
    for (const token of yield* decodeTokens(yield* sql`SELECT * FROM tokens ORDER BY rowid`)) {
      changes.push({ _tag: "TokenMinted", token })
    }
    // after the tokens, whose profiles may be older
    for (const row of yield* decodeProfiles(yield* sql`SELECT * FROM profiles`)) {
      changes.push({ _tag: "ProfileUpdated", ...row })
    }
    for (const group of yield* decodeGroups(yield* sql`SELECT * FROM groups ORDER BY rowid`)) {
      changes.push({ _tag: "GroupAdded", group })
    }
    for (const member of yield* decodeMembers(yield* sql`SELECT * FROM members ORDER BY rowid`)) {
      changes.push({ _tag: "MemberJoined", member })
    }
    for (const message of yield* decodeMessages(yield* sql`SELECT * FROM messages ORDER BY seq`)) {
      changes.push({ _tag: "MessageStored", message })
    }
    return changes
  })

const insert = (sql: SqlClient.SqlClient) => {
  const into = (table: string) => (row: Effect.Effect<Record<string, unknown>, Schema.SchemaError>) =>
    Effect.flatMap(row, (row) => sql`INSERT INTO ${sql(table)} ${sql.insert(row)}`)
  return (change: Records.Change): Effect.Effect<unknown, SqlError.SqlError | Schema.SchemaError> => {
    switch (change._tag) {
      case "ProjectCreated":
        return into("identity")(encodeIdentity(change.identity))
      case "SubscriberAdded":
        return into("subscribers")(encodeSubscriber(change.subscriber))
      case "AddressAdded":
        return into("addresses")(encodeAddress(change.address))
      case "TokenMinted":
        return into("tokens")(encodeToken(change.token))
      case "TokenExpired":
        return sql`UPDATE tokens SET expires_at = ${change.expiresAt} WHERE token = ${change.token}`
      case "TokenRemoved":
        return sql`DELETE FROM tokens WHERE token = ${change.token}`
      case "ProfileUpdated":
        return Effect.flatMap(encodeProfile(change), (row) => sql`INSERT OR REPLACE INTO profiles ${sql.insert(row)}`)
      case "GuestRemoved":
        return sql`DELETE FROM subscribers WHERE id = ${change.subscriberId}`
      case "GroupAdded":
        return into("groups")(encodeGroup(change.group))
      case "MemberJoined":
        return into("members")(encodeMember(change.member))
      case "MessageStored":
        return into("messages")(encodeMessage(change.message))
    }
  }
}

const isLocked = (error: SqlError.SqlError): boolean => error.reason._tag === "LockTimeoutError"

/**
 * Provides a storage in a file, which is created if it does not exist. Fails with a `StorageError` if another process uses the
 * file, or if it is not a database of the sandbox.
 */
export const layer = (options: { readonly filename: string }): Layer.Layer<Storage, StorageError> =>
  Layer.effect(
    Storage,
    Effect.gen(function*() {
      const { filename } = options
      // an absolute path, because SQLite interprets some others; and not a link, because SQLite writes its WAL next to the target
      const file = existsSync(filename) ? realpathSync(filename) : resolve(filename)
      yield* DatabaseFile.check(file, (cause) => {
        const error = SqliteClient.toSqlError(cause, "The file could not be read", "connect")
        return isLocked(error) ? "is in use by another process" : `could not be opened: ${reasonOf(error)}`
      })
      const sql = yield* Effect.mapError(
        SqliteClient.make(file, { applicationId: DatabaseFile.applicationId }),
        (error) =>
          isLocked(error)
            ? new StorageError({ message: `${filename} is in use by another process`, cause: error })
            : toStorageError(`${filename} could not be opened`)(error)
      )
      const problem = yield* migrate(migrations).pipe(
        Effect.provideService(SqlClient.SqlClient, sql),
        Effect.mapError(toStorageError(`${filename} could not be prepared`))
      )
      if (problem !== undefined) return yield* new StorageError({ message: `${filename} ${problem}` })
      const add = insert(sql)
      return {
        load: Effect.mapError(load(sql), toStorageError(`${filename} could not be read`)),
        commit: (changes) =>
          sql.withTransaction(Effect.forEach(changes, add, { discard: true })).pipe(
            Effect.mapError(toStorageError(`${filename} could not be written`))
          )
      }
    })
  )
