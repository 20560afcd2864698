/** A half-open connection: the other side neither responds nor closes. */
import { fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { assert, it } from "vitest"
import * as Relay from "../src/relay.ts"
import { open } from "./support.ts"

const program = fileURLToPath(new URL("programs/disconnects.ts", import.meta.url))

it("P7.2: Node exits by itself after disconnecting from a server that no longer responds", async () => {
  await using sandbox = await open()
  await using relay = await Relay.start({ port: Number(new URL(sandbox.urls.http).port) })
  const child = fork(program, [`http://127.0.0.1:${relay.port}`, sandbox.ada.token], { stdio: "inherit" })
  try {
    await once(child, "message")
    relay.freeze("up", "down")
    const exited = once(child, "exit", { signal: AbortSignal.timeout(100_000) })
    child.send("disconnect")
    assert.deepStrictEqual(await exited, [0, null])
  } finally {
    child.kill("SIGKILL")
  }
})
