/** A sandbox that is killed at any time keeps what it has confirmed. */
import * as SandboxProcess from "@effect-signalwire/sandbox/SandboxProcess"
import { assert, describe, it } from "@effect/vitest"
import { EventEmitter, once } from "node:events"
import { join } from "node:path"
import { request, temporary } from "./support.ts"

/** How often the sandbox is killed; `KILLS=100` runs longer. */
const kills = Number(process.env["KILLS"] ?? 3)

/**
 * Sends messages until the connection is broken, and calls `onConfirmed` for each that was confirmed; returns those that
 * were sent and those that were confirmed.
 */
const sendUntilBroken = async (
  info: SandboxProcess.SandboxProcess["info"],
  label: string,
  onConfirmed: () => void
) => {
  const [ada] = info.subscribers
  const [office] = info.rooms
  const sent: Array<string> = []
  const confirmed: Array<string> = []
  for (let n = 0;; n++) {
    const text = `${label}-${n}`
    sent.push(text)
    const response = await request(info, "POST", "/api/fabric/messages", {
      token: ada?.token ?? "",
      body: {
        conversation_id: office?.addressId,
        text,
        metadata: { text },
        details: { padding: "x".repeat(n % 3000) }
      }
    }).catch(() => undefined)
    if (response === undefined) return { sent, confirmed }
    assert.strictEqual(response.status, 200)
    confirmed.push(text)
    onConfirmed()
  }
}

describe("a sandbox that is killed", { timeout: 120_000 + kills * 20_000 }, () => {
  it("keeps every confirmed message, once and complete, and no message that was not sent", async () => {
    using directory = temporary()
    const args = ["--data", join(directory.path, "data.db")]
    const sent = new Set<string>()
    const confirmed: Array<string> = []
    for (let round = 0; round < kills; round++) {
      await using sandbox = await SandboxProcess.start(args)
      // an early kill in one round, a late one in the next
      let left = 5 + (round * 17) % 50
      const enough = new EventEmitter()
      const onConfirmed = () => {
        if (--left === 0) enough.emit("confirmed")
      }
      const confirmations = once(enough, "confirmed")
      const lanes = ["a", "b", "c"].map((lane) => sendUntilBroken(sandbox.info, `${round}${lane}`, onConfirmed))
      // the lanes end first if the sandbox ends by itself
      await Promise.race([confirmations, ...lanes])
      await sandbox.stop("SIGKILL")
      for (const lane of await Promise.all(lanes)) {
        for (const text of lane.sent) sent.add(text)
        confirmed.push(...lane.confirmed)
      }
    }
    await using sandbox = await SandboxProcess.start(args)
    const stored: ReadonlyArray<{ text: string; metadata: { text: string }; details: { padding: string } }> =
      (await request(sandbox.info, "GET", "/_sandbox/messages")).body.messages
    const texts = stored.map(({ text }) => text)
    assert.isAbove(confirmed.length, kills * 3)
    assert.deepStrictEqual(confirmed.filter((text) => !texts.includes(text)), [])
    assert.strictEqual(new Set(texts).size, texts.length)
    assert.deepStrictEqual(texts.filter((text) => !sent.has(text)), [])
    for (const { details, metadata, text } of stored) {
      assert.strictEqual(metadata.text, text)
      assert.strictEqual(details.padding.length, Number(text.split("-")[1]) % 3000)
    }
    if (process.env["KILLS"] !== undefined) {
      process.stdout.write(`${kills} kills, ${confirmed.length} confirmed, ${texts.length} stored\n`)
    }
  })
  it("keeps tokens and subscribers, and rejects earlier page tokens", async () => {
    using directory = temporary()
    const args = ["--data", join(directory.path, "data.db")]
    const first = await SandboxProcess.start(args)
    const [office] = first.info.rooms
    const created = await request(first.info, "POST", "/_sandbox/subscribers", { body: { name: "hedy" } })
    const { refreshToken, token } = created.body
    for (const text of ["one", "two", "three"]) {
      await request(first.info, "POST", "/api/fabric/messages", {
        token,
        body: { conversation_id: office?.addressId, text }
      })
    }
    const page = await request(first.info, "GET", "/api/fabric/messages?page_size=2", { token })
    const { next } = page.body.links
    await first.stop("SIGKILL")
    await using second = await SandboxProcess.start(args)
    assert.deepInclude(second.info.subscribers.map(({ id, name }) => ({ id, name })), {
      id: created.body.id,
      name: "hedy"
    })
    const { body, status } = await request(second.info, "GET", next, { token })
    assert.strictEqual(status, 422)
    assert.strictEqual(body.errors[0].code, "page_token_is_invalid")
    assert.strictEqual((await request(second.info, "GET", "/api/fabric/messages?page_size=2", { token })).status, 200)
    const refreshed = await request(second.info, "POST", "/api/fabric/subscribers/tokens/refresh", {
      body: { refresh_token: refreshToken }
    })
    assert.strictEqual(refreshed.status, 201)
    const again = await request(second.info, "GET", "/api/fabric/messages", { token: refreshed.body.token })
    assert.strictEqual(again.body.data.length, 3)
  })
})
