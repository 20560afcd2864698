/**
 * An Effect SQL client for Node's built-in SQLite, `node:sqlite`, without native dependencies. A file is locked by one process
 * at a time, and committed transactions are durable.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Reactivity from "effect/reactivity/Reactivity"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as SqlClient from "effect/sql/SqlClient"
import type * as SqlConnection from "effect/sql/SqlConnection"
import * as SqlError from "effect/sql/SqlError"
import * as Statement from "effect/sql/Statement"
import * as Stream from "effect/Stream"
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite"

const toInput = (value: unknown): SQLInputValue => {
  if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "bigint") {
    return value
  }
  if (value instanceof Uint8Array) return value
  if (typeof value === "boolean") return value ? 1 : 0
  throw new TypeError(`SQLite cannot store a ${typeof value}`)
}

/** Copies SQLite's error code from `errcode` to `errno`, where the classifier expects it. */
const withErrno = (cause: unknown): unknown =>
  cause instanceof Error && "errcode" in cause ? Object.assign(cause, { errno: cause.errcode }) : cause

/** Converts an error that `node:sqlite` has thrown to a `SqlError`. */
export const toSqlError = (cause: unknown, message: string, operation: string): SqlError.SqlError =>
  new SqlError.SqlError({ reason: SqlError.classifySqliteError(withErrno(cause), { message, operation }) })

/** The maximum number of cached prepared statements. */
const maxPrepared = 100

const makeConnection = (db: DatabaseSync): SqlConnection.Connection => {
  const prepared = new Map<string, StatementSync>()
  const prepare = (sql: string): StatementSync => {
    const known = prepared.get(sql)
    if (known !== undefined) return known
    const statement = db.prepare(sql)
    if (prepared.size >= maxPrepared) prepared.clear()
    prepared.set(sql, statement)
    return statement
  }
  const attempt = <A>(operation: string, run: () => A): Effect.Effect<A, SqlError.SqlError> =>
    Effect.try({
      try: run,
      catch: (cause) => toSqlError(cause, "The statement failed", operation)
    })
  const all = (sql: string, params: ReadonlyArray<unknown>) =>
    attempt("execute", () => prepare(sql).all(...params.map(toInput)))
  const execute: SqlConnection.Connection["execute"] = (sql, params, transformRows) =>
    Effect.map(all(sql, params), (rows) => transformRows === undefined ? rows : transformRows(rows))
  const executeValues: SqlConnection.Connection["executeValues"] = (sql, params) =>
    Effect.map(all(sql, params), (rows) => rows.map((row) => Object.values(row)))
  return {
    execute,
    executeUnprepared: execute,
    executeRaw: all,
    executeValues,
    executeValuesUnprepared: executeValues,
    executeStream: (sql, params, transformRows) =>
      Stream.unwrap(Effect.map(execute(sql, params, transformRows), Stream.fromIterable))
  }
}

/** Options of a database. */
export interface Options {
  /** The 32-bit `application_id` to set in the header of the file. @default not set */
  readonly applicationId?: number | undefined
}

/**
 * Opens a database, `:memory:` or a file, with an exclusive lock: no other process can read or write it until the scope is
 * closed. Fails with a `SqlError` if it cannot be opened or is locked.
 */
export const make = Effect.fnUntraced(function*(
  filename: string,
  options: Options = {}
): Effect.fn.Return<SqlClient.SqlClient, SqlError.SqlError, Scope.Scope> {
  const open = Effect.try({
    try: () => {
      const db = new DatabaseSync(filename)
      try {
        db.exec("PRAGMA locking_mode = EXCLUSIVE")
        const { applicationId } = options
        if (
          applicationId !== undefined && db.prepare("PRAGMA application_id").get()?.["application_id"] !== applicationId
        ) {
          // before the WAL is enabled, so that it is written to the file itself
          db.exec(`PRAGMA application_id = ${applicationId}`)
        }
        db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
        // acquires the lock, which the first write would do otherwise
        db.exec("BEGIN EXCLUSIVE; COMMIT")
        return db
      } catch (cause) {
        db.close()
        throw cause
      }
    },
    catch: (cause) => toSqlError(cause, "The database could not be opened", "connect")
  })
  const db = yield* Effect.acquireRelease(open, (db) => Effect.sync(() => db.close()))
  const connection = makeConnection(db)
  const semaphore = yield* Semaphore.make(1)
  return yield* SqlClient.make({
    ...SqlClient.makeSqliteAcquirers({
      connection: Effect.succeed(connection),
      semaphore,
      isTransaction: () => db.isTransaction
    }),
    compiler: Statement.makeCompilerSqlite(),
    driver: "node:sqlite",
    beginTransaction: "BEGIN IMMEDIATE",
    prepareTransactionControls: true,
    spanAttributes: []
  }).pipe(Effect.provide(Reactivity.layer))
})

/** Provides a client. Fails with a `SqlError` if the database cannot be opened or is locked by another process. */
export const layer = (filename: string): Layer.Layer<SqlClient.SqlClient, SqlError.SqlError> =>
  Layer.effect(SqlClient.SqlClient, make(filename))
