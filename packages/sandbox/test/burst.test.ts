import * as Sandbox from "@effect-signalwire/sandbox/Sandbox"
import { assert, it } from "@effect/vitest"
import { Client } from "./support.ts"

it("a burst of requests that exceeds the outbox gets all of its responses", async () => {
  // without pings of the server, which would be between the responses on a slow machine
  await using info = await Sandbox.start({ pingInterval: "10 minutes" })
  const client = await Client.open(info.ws)
  await client.connect(info.subscribers[0]?.token ?? "")
  for (let n = 0; n < 50_000; n++) client.send({ id: `p${n}`, method: "signalwire.ping" })
  const closed = client.closed.then((code) => assert.fail(`The socket was closed with ${code}`))
  const responses = (async () => {
    for (let n = 0; n < 50_000; n++) assert.strictEqual((await client.next()).id, `p${n}`)
  })()
  await Promise.race([responses, closed])
}, 120_000)
