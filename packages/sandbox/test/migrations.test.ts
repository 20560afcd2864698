import * as Sandbox from "@effect-signalwire/sandbox/Sandbox"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { migrate, type Migrations, migrations } from "../src/internal/migrations.ts"
import * as SqliteClient from "../src/SqliteClient.ts"
import { request, temporary } from "./support.ts"

const using = <A, E>(file: string, use: Effect.Effect<A, E, SqlClient.SqlClient>) =>
  SqliteClient.make(file).pipe(
    Effect.flatMap((sql) => Effect.provideService(use, SqlClient.SqlClient, sql)),
    Effect.scoped
  )
const step = (statement: string): Migrations[string] =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => Effect.asVoid(sql.unsafe(statement)))
const tables = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  Effect.map(
    sql`SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'step%'`,
    (rows) => rows.map(({ name }) => name)
  ))

describe("migrations", () => {
  it("migrate a file of an older version, and keep its data", async () => {
    using directory = temporary()
    const file = join(directory.path, "old.db")
    const db = new DatabaseSync(file)
    db.exec(readFileSync(join(import.meta.dirname, "fixtures/version1.sql"), "utf8"))
    db.close()
    await using info = await Sandbox.start({ data: file, subscribers: [], rooms: [] })
    assert.strictEqual(info.projectId, "11111111-0000-4000-8000-000000000001")
    assert.deepStrictEqual(info.subscribers.map(({ name }) => name), ["ada", "grace"])
    const [ada, grace] = info.subscribers
    const { body } = await request(info, "GET", "/api/fabric/messages", { token: grace?.token ?? "" })
    assert.deepStrictEqual(
      body.data.map(({ metadata, text }: { text: string; metadata: object }) => [text, metadata]),
      [["hello", { tone: "casual" }]]
    )
    const sent = await request(info, "POST", "/api/fabric/messages", {
      token: ada?.token ?? "",
      body: { conversation_id: grace?.addressId, text: "again" }
    })
    assert.strictEqual(sent.status, 200)
  })
  it.live("run pending migrations once", () => {
    const directory = temporary()
    const file = join(directory.path, "data.db")
    const first = { ...migrations, "9001_one": step("CREATE TABLE step_one (id)") }
    const second = { ...first, "9002_two": step("CREATE TABLE step_two (id)") }
    return Effect.gen(function*() {
      yield* using(file, migrate(first))
      assert.isUndefined(yield* using(file, migrate(second)))
      assert.isUndefined(yield* using(file, migrate(second)))
      assert.deepStrictEqual(yield* using(file, tables), ["step_one", "step_two"])
    }).pipe(Effect.ensuring(Effect.sync(() => directory[Symbol.dispose]())))
  })
  it.live("leave the file unchanged if one fails", () => {
    const directory = temporary()
    const file = join(directory.path, "data.db")
    return Effect.gen(function*() {
      yield* using(file, migrate(migrations))
      const failing = { ...migrations, "9001_one": step("CREATE TABLE step_one (id)"), "9002_two": step("NONSENSE") }
      yield* Effect.flip(using(file, migrate(failing)))
      assert.deepStrictEqual(yield* using(file, tables), [])
      assert.isUndefined(yield* using(file, migrate(migrations)))
    }).pipe(Effect.ensuring(Effect.sync(() => directory[Symbol.dispose]())))
  })
  it("reject a file of a newer version", async () => {
    using directory = temporary()
    const file = join(directory.path, "new.db")
    await (await Sandbox.start({ data: file })).stop()
    const db = new DatabaseSync(file)
    db.exec("INSERT INTO effect_sql_migrations (migration_id, name) VALUES (9999, 'future')")
    db.close()
    const error = await Sandbox.start({ data: file }).catch((error: unknown) => error)
    assert.instanceOf(error, Sandbox.SandboxError)
    assert.include(String(error), "newer version")
    assert.include(String(error), "9999")
  })
})
