/** Which files the sandbox accepts as its database, and the errors for others. */
import * as Sandbox from "@effect-signalwire/sandbox/Sandbox"
import * as SandboxProcess from "@effect-signalwire/sandbox/SandboxProcess"
import { assert, describe, it } from "@effect/vitest"
import { createHash } from "node:crypto"
import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { request, temporary } from "./support.ts"

const startError = (options: Sandbox.Options) =>
  Sandbox.start(options).then(
    async (sandbox) => {
      await sandbox.stop()
      return "no error"
    },
    (error: unknown) => error instanceof Sandbox.SandboxError ? error.message : `not a SandboxError: ${String(error)}`
  )
const hashOf = (file: string) => createHash("sha256").update(readFileSync(file)).digest("hex")

describe("the file of a database", () => {
  it.each(["data", "log", "host"] as const)("must not have an empty name: %s", async (name) => {
    assert.strictEqual(await startError({ [name]: "" }), `${name} must not be empty`)
    assert.strictEqual(await startError({ [name]: " " }), `${name} must not be empty`)
  })
  it.each([0, -1, 0.5, Infinity, 2 ** 31])(
    "is not created if the requestTimeout is invalid: %j",
    async (requestTimeout) => {
      using directory = temporary()
      const data = join(directory.path, "data.db")
      assert.include(
        await startError({ data, requestTimeout }),
        "requestTimeout must be a whole number of milliseconds"
      )
      assert.deepStrictEqual(readdirSync(directory.path), [])
    }
  )
  it.each([
    [
      "with other tables",
      "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT); INSERT INTO notes (text) VALUES ('mine')"
    ],
    ["with tables of the same names", "CREATE TABLE messages (a); CREATE TABLE identity (b)"],
    ["with migrations of the same library", "CREATE TABLE effect_sql_migrations (migration_id, created_at, name)"],
    ["with another application id", "PRAGMA application_id = 1234"],
    ["with a WAL", "PRAGMA journal_mode = WAL; CREATE TABLE notes (text TEXT)"]
  ])("of another program %s is rejected and unchanged", async (_, statements) => {
    using directory = temporary()
    const file = join(directory.path, "other.db")
    const db = new DatabaseSync(file)
    db.exec(statements)
    db.close()
    const before = hashOf(file)
    assert.include(await startError({ data: file }), "is the database of another program")
    assert.strictEqual(hashOf(file), before)
    assert.deepStrictEqual(readdirSync(directory.path), ["other.db"])
  })
  it("of another program that has it open is rejected and unchanged", async () => {
    using directory = temporary()
    const file = join(directory.path, "other.db")
    const db = new DatabaseSync(file)
    db.exec("PRAGMA journal_mode = WAL; CREATE TABLE notes (text TEXT)")
    assert.include(await startError({ data: file }), "is the database of another program")
    db.exec("INSERT INTO notes VALUES ('still mine')")
    assert.deepStrictEqual(db.prepare("SELECT name FROM sqlite_master").all().map(({ name }) => name), ["notes"])
    db.close()
  })
  it.each([
    ["that is not a database", Buffer.from("hello"), "file is not a database"],
    ["that only has the beginning of a database", Buffer.from("SQLite format 3\0"), "file is not a database"],
    ["of zeros", Buffer.alloc(5000), "file is not a database"]
  ])("%s is rejected and unchanged", async (_, bytes, message) => {
    using directory = temporary()
    const file = join(directory.path, "data.db")
    writeFileSync(file, bytes)
    assert.include(await startError({ data: file }), message)
    assert.deepStrictEqual(readFileSync(file), bytes)
    assert.deepStrictEqual(readdirSync(directory.path), ["data.db"])
  })
  it("is rejected if it is a directory, or if its directory does not exist", async () => {
    using directory = temporary()
    mkdirSync(join(directory.path, "folder"))
    assert.include(await startError({ data: join(directory.path, "folder") }), "is not a file")
    assert.include(
      await startError({ data: join(directory.path, "nowhere", "data.db") }),
      "unable to open database file"
    )
  })
  it("is rejected with the error of SQLite if it is damaged", async () => {
    using directory = temporary()
    const file = join(directory.path, "data.db")
    await (await Sandbox.start({ data: file })).stop()
    const whole = readFileSync(file)
    writeFileSync(file, Buffer.concat([whole.subarray(0, 4096), Buffer.alloc(whole.length - 4096, 0xff)]))
    assert.include(await startError({ data: file }), "database disk image is malformed")
    writeFileSync(file, whole)
    truncateSync(file, 4096)
    assert.match(await startError({ data: file }), /malformed|cut off|corrupt/)
  })
  it("is rejected with the invalid field if a record is invalid", async () => {
    using directory = temporary()
    const file = join(directory.path, "data.db")
    await (await Sandbox.start({ data: file })).stop()
    const db = new DatabaseSync(file)
    db.exec("UPDATE subscribers SET created_at = 'yesterday'")
    db.close()
    const message = await startError({ data: file })
    assert.include(message, "could not be read")
    assert.include(message, "created_at")
  })
  it("can be empty, or have a name with a special meaning for SQLite", async () => {
    using directory = temporary()
    const [empty, odd] = [join(directory.path, "empty.db"), join(directory.path, "file:memory?mode=memory")]
    writeFileSync(empty, "")
    for (const data of [empty, odd]) {
      const first = await Sandbox.start({ data })
      await first.stop()
      await using second = await Sandbox.start({ data })
      assert.strictEqual(second.projectId, first.projectId)
    }
  })
  it("is locked by the sandbox that uses it, also for others in the same process", async () => {
    using directory = temporary()
    const data = join(directory.path, "data.db")
    await using first = await Sandbox.start({ data })
    assert.include(await startError({ data }), "is in use by another process")
    const error = await SandboxProcess.start(["--data", data]).catch((error: unknown) => error)
    assert.include(String(error), "is in use by another process")
    assert.strictEqual((await request(first, "GET", "/_sandbox/messages")).status, 200)
  })
  it("of an older version gets the application id", async () => {
    using directory = temporary()
    const file = join(directory.path, "old.db")
    const db = new DatabaseSync(file)
    db.exec(readFileSync(join(import.meta.dirname, "fixtures/version1.sql"), "utf8"))
    db.close()
    await (await Sandbox.start({ data: file })).stop()
    assert.strictEqual(readFileSync(file).toString("latin1", 68, 72), "ESWS")
  })
})

describe("the file of the log", () => {
  it("causes one error if it can no longer be written, and the sandbox continues", async (context) => {
    if (process.platform !== "linux") return context.skip("There is no /dev/full")
    await using sandbox = await SandboxProcess.start(["--log", "/dev/full"])
    const [ada] = sandbox.info.subscribers
    for (let n = 0; n < 5; n++) {
      const response = await request(sandbox.info, "GET", "/api/fabric/messages", { token: ada?.token ?? "" })
      assert.strictEqual(response.status, 200)
    }
    await sandbox.stop()
    assert.deepStrictEqual(sandbox.errors().match(/\/dev\/full can no longer be written: [^"\n]*/g), [
      "/dev/full can no longer be written: ENOSPC: no space left on device, write"
    ])
  })
})

it("the display name is kept when its token is removed and an older token is not", async () => {
  using directory = temporary()
  const data = join(directory.path, "data.db")
  const first = await Sandbox.start({ data })
  for (const display_name of ["Countess", "Ada Lovelace"]) {
    const minted = await fetch(`${first.http}/api/fabric/subscribers/tokens`, {
      method: "POST",
      headers: {
        "authorization": `Basic ${btoa(`${first.projectId}:${first.apiToken}`)}`,
        "content-type": "application/json"
      },
      body: JSON.stringify({ reference: "ada", display_name })
    })
    assert.isTrue(minted.ok)
  }
  await first.stop()
  const db = new DatabaseSync(data)
  db.exec("UPDATE tokens SET expires_at = 1 WHERE rowid > (SELECT max(rowid) - 2 FROM tokens)")
  db.close()
  // removes the expired tokens
  await (await Sandbox.start({ data })).stop()
  await using sandbox = await Sandbox.start({ data })
  const [ada] = sandbox.subscribers
  const { body } = await request(sandbox, "GET", "/api/fabric/subscriber/info", { token: ada?.token ?? "" })
  assert.strictEqual(body.display_name, "Ada Lovelace")
})

it("removed tokens and guests are deleted from the file", async () => {
  using directory = temporary()
  const file = join(directory.path, "data.db")
  const count = (table: string) => {
    const db = new DatabaseSync(file)
    const [row] = db.prepare(`SELECT count(*) AS count FROM ${table}`).all()
    db.close()
    return Number(row?.["count"])
  }
  const first = await Sandbox.start({ data: file })
  const embed = await request(first, "POST", "/api/fabric/embeds/tokens", {
    body: { token: `c2c_${first.rooms[0]?.addressId}` }
  })
  assert.strictEqual(embed.status, 201)
  await first.stop()
  const before = { subscribers: count("subscribers"), tokens: count("tokens") }
  const db = new DatabaseSync(file)
  db.exec("UPDATE tokens SET expires_at = 1")
  db.close()
  // mints new tokens for the subscribers
  await (await Sandbox.start({ data: file })).stop()
  assert.strictEqual(count("subscribers"), before.subscribers - 1)
  assert.strictEqual(count("tokens"), before.tokens - 2)
})
