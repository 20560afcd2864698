/**
 * Detects which program owns a database file, without changing it: to open it as a database of ours would already change
 * how it is kept.
 */
import { StorageError } from "@effect-signalwire/backend/Storage"
import * as Effect from "effect/Effect"
import { existsSync, statSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import { pathToFileURL } from "node:url"

/** Is in the header of each of our files: "ESWS". */
export const applicationId = 0x45_53_57_53

/** Reads from a file. An `immutable` one is read without a lock, and without its log of changes. */
const read = <A>(file: string, isImmutable: boolean, query: (db: DatabaseSync) => A): A => {
  const url = pathToFileURL(file)
  url.searchParams.set("mode", "ro")
  if (isImmutable) url.searchParams.set("immutable", "1")
  const db = new DatabaseSync(url, { readOnly: true })
  try {
    return query(db)
  } finally {
    db.close()
  }
}

const applicationIdOf = (db: DatabaseSync) => db.prepare("PRAGMA application_id").get()?.["application_id"]

/** Whether a file without an id was written by a version of this program that had none, or is empty. */
const hasOwnTables = (db: DatabaseSync): boolean => {
  const tables = db.prepare("SELECT name FROM sqlite_master").all().map(({ name }) => name)
  return tables.length === 0 || ["effect_sql_migrations", "identity", "messages"].every((name) => tables.includes(name))
}

/** What is wrong with a file. It is read by SQLite alone: who closes a file loses all locks of the process on it. */
const complaintAbout = (file: string): string | undefined => {
  const stat = statSync(file, { throwIfNoEntry: false })
  if (stat !== undefined && !stat.isFile()) return "is not a file"
  const hasLog = existsSync(`${file}-wal`)
  // ours is marked before it has a log of changes
  if (stat === undefined || stat.size === 0) return hasLog ? "has the log of another database beside it" : undefined
  const id = read(file, true, applicationIdOf)
  // a log of changes may have the tables that the file has not
  const isOurs = id === applicationId || (id === 0 && read(file, !hasLog, hasOwnTables))
  return isOurs ? undefined : "is the database of another program"
}

/** Fails when a file exists and is not a database of ours. `describe` says what an error of SQLite means. */
export const check = (file: string, describe: (cause: unknown) => string): Effect.Effect<void, StorageError> =>
  Effect.flatMap(
    Effect.try({
      try: () => complaintAbout(file),
      catch: (cause) => new StorageError({ message: `${file} ${describe(cause)}`, cause })
    }),
    (complaint) =>
      complaint === undefined ? Effect.void : Effect.fail(new StorageError({ message: `${file} ${complaint}` }))
  )
