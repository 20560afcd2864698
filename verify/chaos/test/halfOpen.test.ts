/** A network that has gone without a word: the other side neither answers nor closes. */
import { fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { assert, it } from "vitest"
import * as Relay from "../src/relay.ts"
import { open } from "./support.ts"

const program = fileURLToPath(new URL("programs/leaves.ts", import.meta.url))

it("P7.2: disconnecting from a server that has fallen silent lets Node exit by itself", async () => {
  await using world = await open()
  await using relay = await Relay.start({ port: Number(new URL(world.urls.http).port) })
  const child = fork(program, [`http://127.0.0.1:${relay.port}`, world.ada.token], { stdio: "inherit" })
  try {
    await once(child, "message")
    relay.freeze("up", "down")
    const exited = once(child, "exit", { signal: AbortSignal.timeout(100_000) })
    child.send("leave")
    assert.deepStrictEqual(await exited, [0, null])
  } finally {
    child.kill("SIGKILL")
  }
})
