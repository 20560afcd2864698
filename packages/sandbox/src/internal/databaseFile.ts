/**
 * Whose a database file is, told without changing it: opening one as a database of ours would already change how it is
 * kept.
 */
import { StorageError } from "@effect-signalwire/backend/Storage"
import * as Effect from "effect/Effect"
import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import { pathToFileURL } from "node:url"

/** Stands in the header of each of our files: "ESWS". */
export const applicationId = 0x45_53_57_53

const magic = "SQLite format 3\0"

/** Where the header of a file has the id of its application. */
const idOffset = 68

const headerOf = (file: string): Buffer => {
  const descriptor = openSync(file, "r")
  try {
    const header = Buffer.alloc(100)
    return header.subarray(0, readSync(descriptor, header))
  } finally {
    closeSync(descriptor)
  }
}

/** Whether a file without an id was written by us, before there were ids, or is empty. */
const isOursByItsTables = (file: string): boolean => {
  const url = pathToFileURL(file)
  url.searchParams.set("mode", "ro")
  // without a log of changes to read, nothing but the file is looked at, and no other file is made
  if (!existsSync(`${file}-wal`)) url.searchParams.set("immutable", "1")
  const db = new DatabaseSync(url, { readOnly: true })
  try {
    const tables = db.prepare("SELECT name FROM sqlite_master").all().map(({ name }) => name)
    return tables.length === 0 ||
      ["effect_sql_migrations", "identity", "messages"].every((name) => tables.includes(name))
  } finally {
    db.close()
  }
}

const complaintAbout = (file: string): string | undefined => {
  const stat = statSync(file, { throwIfNoEntry: false })
  if (stat === undefined || (stat.isFile() && stat.size === 0)) return undefined
  if (!stat.isFile()) return "is not a file"
  const header = headerOf(file)
  if (header.toString("latin1", 0, magic.length) !== magic) return "file is not a database"
  if (header.length < 100) return "file is cut off"
  const id = header.readUInt32BE(idOffset)
  if (id === applicationId || (id === 0 && isOursByItsTables(file))) return undefined
  return "is the database of another program"
}

/** Fails when a file is something else than a database of ours; there may be none yet. */
export const check = (file: string): Effect.Effect<void, StorageError> =>
  Effect.flatMap(
    Effect.try({
      try: () => complaintAbout(file),
      catch: (cause) =>
        new StorageError({
          message: `${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
          cause
        })
    }),
    (complaint) =>
      complaint === undefined ? Effect.void : Effect.fail(new StorageError({ message: `${file}: ${complaint}` }))
  )
