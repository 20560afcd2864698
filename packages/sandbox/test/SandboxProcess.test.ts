import { SandboxError } from "@effect-signalwire/sandbox/Sandbox"
import * as SandboxProcess from "@effect-signalwire/sandbox/SandboxProcess"
import { assert, describe, it } from "@effect/vitest"
import { request } from "./support.ts"

const rejection = (promise: Promise<unknown>) => promise.then(() => undefined, (error: unknown) => error)

describe("a sandbox in a separate process", { timeout: 120_000 }, () => {
  it("accepts flags, is ready when it was started, and has exited when it was disposed", async () => {
    let exited: Promise<number | NodeJS.Signals>
    let http: string
    {
      await using sandbox = await SandboxProcess.start(["--rooms", "lab"])
      exited = sandbox.exited
      http = sandbox.info.http
      assert.deepStrictEqual(sandbox.info.rooms.map(({ name }) => name), ["lab"])
      assert.strictEqual((await request(sandbox.info, "GET", "/_sandbox")).status, 200)
      assert.isTrue(process.kill(sandbox.pid, 0))
    }
    assert.strictEqual(await exited, 0)
    assert.instanceOf(await rejection(fetch(http)), TypeError)
  })
  it("returns the signal that terminated it", async () => {
    const sandbox = await SandboxProcess.start()
    assert.strictEqual(await sandbox.stop("SIGKILL"), "SIGKILL")
    assert.strictEqual(await sandbox.stop(), "SIGKILL")
  })
  it("fails with standard error if the process exits before it is ready", async () => {
    const error = await rejection(SandboxProcess.start(["--port", "99999"]))
    assert.instanceOf(error, SandboxError)
    assert.include(String(error), "exited before it was ready")
    assert.include(String(error), "99999 is not a port")
  })
  it("fails for an unknown flag, and for --help", async () => {
    for (const flag of ["--nonsense", "--help"]) {
      const error = await rejection(SandboxProcess.start([flag]))
      assert.instanceOf(error, SandboxError)
      assert.include(String(error), "exited before it was ready")
    }
  })
  it("fails if it is not ready in time", async () => {
    const error = await rejection(SandboxProcess.start([], { deadline: 1 }))
    assert.instanceOf(error, SandboxError)
    assert.include(String(error), "not ready within 1 ms")
  })
})
