/**
 * Load test of the sandbox: many sockets at once, and one large room whose members all receive every message. The sandbox
 * is a separate process; this one runs all clients.
 *
 * `pnpm bench sandbox-load [--sockets 2000] [--members 500] [--messages 100] [--data FILE]`
 */
import * as SandboxProcess from "@effect-signalwire/sandbox/SandboxProcess"
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { performance } from "node:perf_hooks"
import { parseArgs } from "node:util"
import * as RawSocket from "./rawSocket.ts"

interface Frame {
  readonly id: string
  readonly method?: string
  readonly params?: { readonly event_type: string; readonly params: { readonly text?: string } }
}

/** The CPU seconds and the memory in MiB of a process; `NaN` on systems without `/proc`. */
const usage = (pid: number) => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? []
    const memory = (name: string) =>
      Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024
    return { cpu: (Number(stat[11]) + Number(stat[12])) / 100, rss: memory("VmRSS"), peak: memory("VmHWM") }
  } catch {
    return { cpu: Number.NaN, rss: Number.NaN, peak: Number.NaN }
  }
}

const quantile = (sorted: ReadonlyArray<number>, q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN

const fixed = (value: number, digits = 0) => value.toFixed(digits)
const row = (name: string, value: string) => console.log(`  ${name.padEnd(34)}${value}`)

const post = async <A>(url: string, body: unknown, token?: string): Promise<A> => {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(token === undefined ? undefined : { authorization: `Bearer ${token}` })
    },
    body: JSON.stringify(body)
  })
  if (!response.ok) throw new Error(`${url} responded with ${response.status}: ${await response.text()}`)
  return await response.json() as A
}

/** Runs a task for each item, at most `concurrency` at a time. */
const each = async <A>(
  items: ReadonlyArray<A>,
  concurrency: number,
  task: (item: A) => Promise<void>
): Promise<void> => {
  const queue = items.values()
  await Promise.all(Array.from({ length: concurrency }, async () => {
    for (const item of queue) await task(item)
  }))
}

const openFiles = (): number => {
  try {
    return Number(execFileSync("sh", ["-c", "ulimit -n"], { encoding: "utf8" }))
  } catch {
    return Number.POSITIVE_INFINITY
  }
}

export const run = async (args: ReadonlyArray<string>): Promise<boolean> => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      sockets: { type: "string", default: "2000" },
      members: { type: "string", default: "500" },
      messages: { type: "string", default: "100" },
      data: { type: "string", default: ":memory:" }
    }
  })
  const [sockets, members, messages] = [Number(values.sockets), Number(values.members), Number(values.messages)]
  const limit = openFiles()
  if (limit < sockets + 200) {
    console.error(`ulimit -n is ${limit}: too low for ${sockets} sockets. Raise it, or use fewer with --sockets.`)
    return false
  }
  await using sandbox = await SandboxProcess.start(["--data", values.data, "--subscribers", "probe"])
  const { admin, http, rooms: [room], ws } = sandbox.info
  if (room === undefined) throw new Error("there is no room")
  console.log(`\n${sockets} sockets, ${members} members of one room, ${messages} messages, data in ${values.data}\n`)

  const people: Array<{ readonly token: string; readonly isMember: boolean }> = []
  await each(Array.from({ length: sockets }, (_, n) => n), 32, async (n) => {
    const { token } = await post<{ readonly token: string }>(`${admin}/subscribers`, { name: `s${n}` })
    const isMember = n < members
    if (isMember) await post(`${http}/api/fabric/conversations/join`, { conversation_id: room.addressId }, token)
    people.push({ token, isMember })
  })

  // connecting, all at once
  const idle = usage(sandbox.pid)
  const connectTimes: Array<number> = []
  const latencies: Array<number> = []
  const sentAt: Array<number> = []
  let received = 0
  let misdelivered = 0
  let closed = 0
  let onReceived = () => {}
  const connecting = performance.now()
  const clients = await Promise.all(people.map(async ({ isMember, token }) => {
    const began = performance.now()
    let raw: RawSocket.RawSocket | undefined
    let onReady = () => {}
    const ready = new Promise<void>((resolve) => {
      onReady = resolve
    })
    const onText = (text: string) => {
      const frame: Frame = JSON.parse(text)
      if (frame.method === undefined) return
      raw?.send(`{"jsonrpc":"2.0","id":"${frame.id}","result":{}}`)
      if (frame.params?.event_type === "signalwire.authorization.state") onReady()
      if (frame.params?.event_type !== "conversation.message") return
      if (!isMember) misdelivered++
      received++
      latencies.push(performance.now() - (sentAt[Number(frame.params.params.text)] ?? 0))
      onReceived()
    }
    raw = await RawSocket.open(ws, onText, () => {
      closed++
    })
    raw.send(JSON.stringify({
      jsonrpc: "2.0",
      id: "c",
      method: "signalwire.connect",
      params: {
        version: { major: 4, minor: 0, revision: 0 },
        event_acks: true,
        agent: "bench",
        authentication: { jwt_token: token }
      }
    }))
    await ready
    connectTimes.push(performance.now() - began)
    return raw
  }))
  const connected = performance.now() - connecting
  const afterConnect = usage(sandbox.pid)
  connectTimes.sort((a, b) => a - b)
  row("all connected", `${fixed(connected)} ms (${fixed(sockets / connected * 1000)} per second)`)
  row("one of them", `p50 ${fixed(quantile(connectTimes, 0.5))} ms, p99 ${fixed(quantile(connectTimes, 0.99))} ms`)
  row("server", `${fixed(afterConnect.cpu - idle.cpu, 2)} s CPU, ${fixed(afterConnect.rss)} MiB`)

  // messages, each sent after the response to the one before
  const expected = members * messages
  const sending = performance.now()
  const everything = new Promise<boolean>((resolve) => {
    const late = setTimeout(() => resolve(false), 120_000)
    onReceived = () => {
      if (received < expected) return
      clearTimeout(late)
      resolve(true)
    }
  })
  const sender = people.find(({ isMember }) => isMember)
  for (let n = 0; n < messages; n++) {
    sentAt[n] = performance.now()
    await post(
      `${http}/api/fabric/messages`,
      { conversation_id: room.addressId, text: String(n), metadata: { n, tone: "casual" } },
      sender?.token
    )
  }
  const responded = performance.now() - sending
  const isComplete = await everything
  const delivered = performance.now() - sending
  const { cpu, peak, rss } = usage(sandbox.pid)
  const unacked = async () => {
    const { sessions }: { readonly sessions: ReadonlyArray<{ readonly unacked: number }> } = JSON.parse(
      await (await fetch(`${admin}/sessions`)).text()
    )
    return sessions.reduce((sum, session) => sum + session.unacked, 0)
  }
  let waiting = await unacked()
  for (let tries = 0; waiting > 0 && tries < 50; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    waiting = await unacked()
  }
  latencies.sort((a, b) => a - b)
  row("events delivered", `${received} of ${expected}, ${misdelivered} to others, ${waiting} not acknowledged`)
  row("all responses; all delivered", `${fixed(responded)} ms; ${fixed(delivered)} ms`)
  row("events per second", fixed(received / delivered * 1000))
  row(
    "from request to event",
    `p50 ${fixed(quantile(latencies, 0.5))} ms, p99 ${fixed(quantile(latencies, 0.99))} ms, max ${
      fixed(latencies.at(-1) ?? Number.NaN)
    } ms`
  )
  row("server", `${fixed(cpu - afterConnect.cpu, 2)} s CPU, ${fixed(rss)} MiB, at most ${fixed(peak)} MiB`)
  row("this process", `${fixed(process.cpuUsage().user / 1e6, 2)} s CPU`)
  const dropped = closed
  for (const client of clients) client.end()
  row("sockets the server closed", String(dropped))
  return isComplete && misdelivered === 0 && waiting === 0 && dropped === 0
}
