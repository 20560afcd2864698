import * as Sandbox from "@effect-signalwire/sandbox/Sandbox"
import { assert, it } from "@effect/vitest"
import { Client } from "./support.ts"

it("a burst of more requests than may wait for their answers is answered all the same", async () => {
  // the server's own pings would come between the answers, on a machine that takes long for them
  await using info = await Sandbox.start({ pingInterval: "10 minutes" })
  const client = await Client.open(info.ws)
  await client.connect(info.subscribers[0]?.token ?? "")
  for (let n = 0; n < 50_000; n++) client.send({ id: `p${n}`, method: "signalwire.ping" })
  const closed = client.closed.then((code) => assert.fail(`it was closed with ${code}`))
  const answered = (async () => {
    for (let n = 0; n < 50_000; n++) assert.strictEqual((await client.next()).id, `p${n}`)
  })()
  await Promise.race([answered, closed])
}, 120_000)
