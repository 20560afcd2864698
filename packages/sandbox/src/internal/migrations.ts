/**
 * The migrations of the database. New ones are only added; a released migration is never changed.
 */
import * as Effect from "effect/Effect"
import * as Migrator from "effect/sql/Migrator"
import * as SqlClient from "effect/sql/SqlClient"
import type * as SqlError from "effect/sql/SqlError"

/** Migrations by number and name. */
export type Migrations = Record<string, Effect.Effect<void, SqlError.SqlError, SqlClient.SqlClient>>

export const migrations: Migrations = {
  "0001_tables": Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    yield* sql`CREATE TABLE identity (
      project_id TEXT NOT NULL, space_id TEXT NOT NULL, api_token TEXT NOT NULL
    )`
    yield* sql`CREATE TABLE subscribers (
      id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, display_name TEXT NOT NULL, email TEXT, created_at REAL NOT NULL
    )`
    yield* sql`CREATE TABLE addresses (
      id TEXT PRIMARY KEY, type TEXT NOT NULL, name TEXT NOT NULL, display_name TEXT NOT NULL,
      resource_id TEXT NOT NULL, created_at REAL NOT NULL
    )`
    yield* sql`CREATE TABLE tokens (
      token TEXT PRIMARY KEY, kind TEXT NOT NULL, jti TEXT NOT NULL,
      subscriber_id TEXT NOT NULL REFERENCES subscribers (id), expires_at REAL NOT NULL
    )`
    yield* sql`CREATE TABLE groups (id TEXT PRIMARY KEY, address_ids TEXT NOT NULL, created_at REAL NOT NULL)`
    yield* sql`CREATE TABLE members (
      group_id TEXT NOT NULL REFERENCES groups (id), subscriber_id TEXT NOT NULL REFERENCES subscribers (id),
      PRIMARY KEY (group_id, subscriber_id)
    )`
    yield* sql`CREATE TABLE messages (
      seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, group_id TEXT NOT NULL REFERENCES groups (id),
      sender_id TEXT NOT NULL, from_address_id TEXT NOT NULL, micros INTEGER NOT NULL, subtype TEXT NOT NULL,
      kind TEXT, text TEXT, metadata TEXT NOT NULL, details TEXT NOT NULL, hidden INTEGER NOT NULL
    )`
  }),
  // profiles were part of the tokens before; now expired tokens are removed
  "0002_profiles": Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    yield* sql`CREATE TABLE profiles (
      subscriber_id TEXT PRIMARY KEY REFERENCES subscribers (id), profile TEXT NOT NULL
    )`
  })
}

const table = "effect_sql_migrations"

/** The number of the latest migration that was run; 0 in a new database. */
const version = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const tables = yield* sql`SELECT name FROM sqlite_master WHERE type = 'table' AND name = ${table}`
  if (tables.length === 0) return 0
  const [latest] = yield* sql`SELECT max(migration_id) AS id FROM ${sql(table)}`
  return Number(latest?.["id"] ?? 0)
})

/**
 * Runs the pending migrations, all or none. If the database has later migrations than these, returns an error message and changes
 * nothing.
 */
export const migrate = Effect.fnUntraced(function*(migrations: Migrations) {
  const latest = Math.max(...Object.keys(migrations).map((name) => Number.parseInt(name, 10)))
  const current = yield* version
  if (current > latest) {
    return `was written by a newer version of this program: its schema version is ${current}, but this program supports ${latest}`
  }
  yield* Migrator.make({})({ loader: Migrator.fromRecord(migrations), table })
  return undefined
})
