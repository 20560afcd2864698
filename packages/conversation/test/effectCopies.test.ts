/** Runs programs in an empty project whose `effect` is the copy that the packages import, or another one. */
import { assert, describe, it } from "@effect/vitest"
import { execFile } from "node:child_process"
import { cp, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll } from "vitest"

const packages = dirname(dirname(import.meta.dirname))

const program = `
import * as Conversations from "@effect-signalwire/conversation/Conversations"
import * as Credentials from "@effect-signalwire/runtime/Credentials"
import * as WebSockets from "@effect-signalwire/subscription/WebSockets"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"

const options = { token: Redacted.make("token"), host: "example.com" }
const state = Conversations.Conversations.use(({ connection }) => connection.current)
const layers = {
  layerFetch: Conversations.layerFetch(options),
  layerBareFetch: Conversations.layerBareFetch(options).pipe(
    Layer.provide([Credentials.layer(options), WebSockets.layer])
  )
}
for (const [name, layer] of Object.entries(layers)) {
  const exit = await Effect.runPromiseExit(Effect.provide(state, layer))
  console.log(name, Exit.isSuccess(exit) ? exit.value._tag : String(Cause.squash(exit.cause)))
}
`

describe("a program with its own copy of effect", () => {
  let project = ""

  beforeAll(async () => {
    project = await mkdtemp(join(await realpath(tmpdir()), "effect-copies-"))
    for (const name of ["one", "two"]) {
      const modules = join(project, name, "node_modules")
      await mkdir(modules, { recursive: true })
      await symlink(packages, join(modules, "@effect-signalwire"))
      await writeFile(join(project, name, "main.mjs"), program)
    }
    const installed = await realpath(join(packages, "conversation/node_modules/effect"))
    await symlink(installed, join(project, "one/node_modules/effect"))
    await cp(installed, join(project, "two/node_modules/effect"), {
      recursive: true,
      filter: (path) => !/(?:\.map|\.ts|\/src|\/ai-docs)$/.test(path)
    })
  }, 60_000)
  afterAll(() => rm(project, { recursive: true, force: true }))

  const run = async (name: string) => {
    const { stdout } = await promisify(execFile)(process.execPath, [join(project, name, "main.mjs")])
    return stdout.trim().split("\n")
  }

  it("fails with every layer, and reads why", async () => {
    const lines = await run("two")
    assert.lengthOf(lines, 2)
    for (const line of lines) assert.include(line, "the package effect is loaded twice")
  }, 60_000)

  it("works if that is the copy which the client imports", async () => {
    assert.deepStrictEqual(await run("one"), ["layerFetch Idle", "layerBareFetch Idle"])
  }, 60_000)
})
