/**
 * Detects whether a database file belongs to the sandbox, without changing it: opening it normally would already write to it.
 */
import { StorageError } from "@effect-signalwire/backend/Storage"
import * as Effect from "effect/Effect"
import { existsSync, statSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import { pathToFileURL } from "node:url"

/** The application id of the sandbox, in the header of its files: "ESWS". */
export const applicationId = 0x45_53_57_53

/** Reads from a database file. With `isImmutable`, it is read without a lock and without its WAL. */
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

/** Returns whether a database without an application id is empty or was written by an older version of the sandbox. */
const hasOwnTables = (db: DatabaseSync): boolean => {
  const tables = db.prepare("SELECT name FROM sqlite_master").all().map(({ name }) => name)
  return tables.length === 0 || ["effect_sql_migrations", "identity", "messages"].every((name) => tables.includes(name))
}

/**
 * Returns why a file cannot be used. The file is only opened by SQLite, because closing any descriptor of a file releases the locks
 * that the process holds on it.
 */
const findProblem = (file: string): string | undefined => {
  const stat = statSync(file, { throwIfNoEntry: false })
  if (stat !== undefined && !stat.isFile()) return "is not a file"
  const hasWal = existsSync(`${file}-wal`)
  // the sandbox writes its application id before it enables the WAL
  if (stat === undefined || stat.size === 0) {
    return hasWal
      ? "has the WAL file of another database next to it"
      : undefined
  }
  const id = read(file, true, applicationIdOf)
  // tables may still be in the WAL only
  const isOwn = id === applicationId || (id === 0 && read(file, !hasWal, hasOwnTables))
  return isOwn ? undefined : "is the database of another program"
}

/** Fails if a file exists and is not a database of the sandbox. `describe` formats an error of SQLite. */
export const check = (file: string, describe: (cause: unknown) => string): Effect.Effect<void, StorageError> =>
  Effect.flatMap(
    Effect.try({
      try: () => findProblem(file),
      catch: (cause) => new StorageError({ message: `${file} ${describe(cause)}`, cause })
    }),
    (problem) => problem === undefined ? Effect.void : Effect.fail(new StorageError({ message: `${file} ${problem}` }))
  )
