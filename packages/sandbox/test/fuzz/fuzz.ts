/**
 * Sends hostile traffic to a sandbox while two other subscribers chat, and reports findings: a crash, a server error, a request
 * without a response, a secret of another client in a response, a message that the other subscribers did not receive, or memory
 * that grows without limit.
 */
import * as SandboxProcess from "@effect-signalwire/sandbox/SandboxProcess"
import { readFileSync } from "node:fs"
import { Agent, request as httpRequest } from "node:http"
import { connect } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import * as Generator from "./generator.ts"

export interface Options {
  /** The number of requests and frames. */
  readonly count: number
  readonly seed: number
  /** Command line flags of the sandbox. */
  readonly args?: ReadonlyArray<string>
}

export interface Report {
  readonly findings: ReadonlyArray<string>
  readonly requests: number
  readonly frames: number
  readonly raw: number
  readonly statuses: Readonly<Record<string, number>>
  /** How many messages were sent to the unrelated subscriber, and how many it received. */
  readonly sent: number
  readonly received: number
  readonly seconds: number
  /** The secrets that the server returned to one client only. */
  readonly secrets: ReadonlySet<string>
  /** The stored messages at the end, as JSON. */
  readonly stored: string
  /** The memory after the first tenth, at the end, and at most, in MiB. */
  readonly memory: { readonly early: number; readonly late: number; readonly peak: number }
}

/** Matches secrets that the server returns to one client only. */
const secretPattern = /"(?:token|refresh_token|refreshToken|authorization_state)":"([^"]{20,})"/g

/** Returns a string and all strings that result from decoding it, however often it was encoded. */
const decodings = (text: string): ReadonlyArray<string> => {
  const decoded = text.replace(
    /%([\da-f]{2})|\\u00([\da-f]{2})|\\(["\\/])/gi,
    (_, percent: string | undefined, unicode: string | undefined, character: string | undefined) =>
      character ?? String.fromCharCode(Number.parseInt(percent ?? unicode ?? "", 16))
  )
  return decoded === text ? [text] : [text, ...decodings(decoded)]
}

/** Returns the secrets that a log contains, completely or their last part. */
export const secretsIn = (log: string, secrets: Iterable<string>): ReadonlyArray<string> => {
  const texts = decodings(log)
  return [...secrets].filter((secret) =>
    texts.some((text) => text.includes(secret) || text.includes(secret.slice(-24)))
  )
}

const secret = "the-secret-of-alice-and-bob"

/** How long the server has to respond, in milliseconds. */
const responseTimeout = 15_000

/** How much the memory may grow, in MiB. */
const maxGrowth = 600

const memoryOf = (pid: number, name: "VmRSS" | "VmHWM"): number => {
  try {
    return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024
  } catch {
    return 0
  }
}

const inTime = <A>(promise: Promise<A>): Promise<A | "late"> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), responseTimeout)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

interface Account {
  readonly id: string
  readonly addressId: string
  readonly token: string
}

export const run = async (options: Options): Promise<Report> => {
  const startedAt = Date.now()
  const findings: Array<string> = []
  const found = (what: string, sample: unknown) => {
    if (findings.length < 20) findings.push(`${what}: ${JSON.stringify(sample)?.slice(0, 600)}`)
  }
  await using sandbox = await SandboxProcess.start(["--subscribers", "alice,bob,mallory", ...options.args ?? []])
  const { http, rooms, subscribers, ws } = sandbox.info
  const [alice, bob, mallory] = subscribers
  const [office] = rooms
  if (alice === undefined || bob === undefined || mallory === undefined || office === undefined) {
    throw new Error("The sandbox is empty")
  }
  let isDone = false
  void sandbox.exited.then((code) => {
    if (!isDone) found("the sandbox exited", { code, errors: sandbox.errors() })
  })

  // the other subscribers
  const send = (from: Account, to: Account, text: string) =>
    fetch(`${http}/api/fabric/messages`, {
      method: "POST",
      headers: { authorization: `Bearer ${from.token}` },
      body: JSON.stringify({ conversation_id: to.addressId, text, metadata: { secret } })
    }).then(({ status }) => status, () => 0)
  let sent = 0
  const received: Array<string> = []
  const bystander = new WebSocket(ws)
  bystander.addEventListener("message", ({ data }) => {
    const frame = JSON.parse(String(data))
    if (frame.method === undefined) return
    bystander.send(JSON.stringify({ jsonrpc: "2.0", id: frame.id, result: {} }))
    const text = frame.params?.params?.text
    if (typeof text === "string" && text.startsWith(secret)) received.push(text)
  })
  bystander.addEventListener("close", ({ code }) => {
    if (!isDone) found("the bystander's socket was closed", code)
  })
  const connectFrame = (token: string) =>
    JSON.stringify({
      jsonrpc: "2.0",
      id: "c",
      method: "signalwire.connect",
      params: { version: { major: 4, minor: 0, revision: 0 }, event_acks: true, authentication: { jwt_token: token } }
    })
  await new Promise<void>((resolve) => {
    bystander.addEventListener("open", () => {
      bystander.send(connectFrame(bob.token))
      resolve()
    })
  })
  const sendToBystander = async () => {
    const status = await send(alice, bob, `${secret} ${sent++}`)
    if (status !== 200) found("a message to the bystander was rejected", status)
  }
  await sleep(100)

  const { apiToken, projectId } = sandbox.info
  const secrets = new Set([apiToken, ...subscribers.map(({ token }) => token)])
  const generator = Generator.make(options.seed, {
    secrets: [...secrets],
    token: mallory.token,
    basic: `Basic ${btoa(`${projectId}:${apiToken}`)}`,
    subscriberId: mallory.id,
    addressIds: [mallory.addressId, alice.addressId, bob.addressId, office.addressId, "nobody"],
    groupIds: [
      `sw_${office.addressId}`,
      `sw_${[alice.addressId, bob.addressId].toSorted().join("_")}`,
      `sw_${[mallory.addressId, bob.addressId].toSorted().join("_")}`
    ]
  })
  const statuses: Record<string, number> = {}
  const counts = { requests: 0, frames: 0, raw: 0 }

  // requests
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  const { hostname, port } = new URL(http)
  const exchange = (one: Generator.HttpCase) => {
    // always set: without it, Node sends the body of a GET as if it were the next request
    const headers = { ...one.headers, "content-length": String(Buffer.byteLength(one.body)) }
    return new Promise<{ status: number; text: string } | "broken">((resolve) => {
      const outgoing = httpRequest(
        { agent, hostname, port, method: one.method, path: one.path, headers },
        (response) => {
          const chunks: Array<Buffer> = []
          response.on("data", (chunk: Buffer) => chunks.push(chunk))
          response.on("error", () => resolve("broken"))
          response.on(
            "end",
            () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") })
          )
        }
      )
      outgoing.on("error", () => resolve("broken"))
      outgoing.end(one.body)
    })
  }
  const oneRequest = async () => {
    const one = generator.http()
    counts.requests++
    const sample = { ...one, headers: undefined, body: String(one.body).slice(0, 300) }
    const response = await inTime(exchange(one))
    if (response === "late") return found("a request got no response", sample)
    const status = response === "broken" ? "broken" : String(response.status)
    statuses[status] = (statuses[status] ?? 0) + 1
    if (response === "broken") return found("a connection was broken", sample)
    if (response.status >= 500) found(`the status was ${response.status}`, { ...sample, response: response.text })
    for (const { 1: match } of response.text.matchAll(secretPattern)) secrets.add(match ?? "")
    // the admin API returns everything
    if (response.text.includes(secret) && !one.path.startsWith("/_sandbox")) found("a secret of another client", sample)
    if (response.text.includes("    at ") || response.text.includes("node_modules")) found("a stack trace", sample)
  }

  // frames: a few on one socket, and a ping at the end that must get a response unless the socket is closed
  const someFrames = () =>
    new Promise<void>((resolve) => {
      const frames = Array.from({ length: 1 + generator.below(20) }, generator.frame)
      const isConnected = generator.chance(0.8)
      counts.frames += frames.length
      const socket = new WebSocket(ws)
      const late = setTimeout(() => {
        found("frames got no response", frames.map(String))
        socket.close()
        resolve()
      }, responseTimeout)
      const done = () => {
        clearTimeout(late)
        resolve()
      }
      socket.addEventListener("open", () => {
        if (isConnected) socket.send(connectFrame(mallory.token))
        for (const frame of frames) socket.send(typeof frame === "string" ? frame : Uint8Array.from(frame))
        socket.send(`{"jsonrpc":"2.0","id":"the last","method":"signalwire.ping","params":{}}`)
      })
      socket.addEventListener("message", ({ data }) => {
        const text = String(data)
        for (const { 1: match } of text.matchAll(secretPattern)) secrets.add(match ?? "")
        if (text.includes(secret)) found("a secret of another client in a frame", frames.map(String))
        if (text.includes("    at ")) found("a stack trace in a frame", text)
        if (text.includes("\"the last\"")) socket.close()
      })
      socket.addEventListener("close", done)
    })

  // bytes: the connection may break, but the server must not be affected
  const someBytes = () =>
    new Promise<void>((resolve) => {
      counts.raw++
      // all random numbers are drawn first, so that the cases do not depend on the speed of the server
      const [bytes, stay] = [generator.bytes(), 20 + generator.below(30)]
      const socket = connect(Number(port), hostname, () => socket.write(bytes))
      let text = ""
      socket.on("data", (data) => {
        text += data.toString("latin1")
      })
      const leave = setTimeout(() => socket.destroy(), stay)
      socket.on("error", () => {})
      socket.on("close", () => {
        clearTimeout(leave)
        if (text.includes(secret)) found("a secret of another client after garbage", text)
        resolve()
      })
    })

  const total = () => counts.requests + counts.frames + counts.raw
  let early = 0
  let lastSentAt = 0
  const lane = async () => {
    while (total() < options.count && sandbox.errors().length < 10_000) {
      if (early === 0 && total() > options.count / 10) early = memoryOf(sandbox.pid, "VmRSS")
      if (total() - lastSentAt >= 200) {
        lastSentAt = total()
        await sendToBystander()
      }
      const kind = generator.chance(0.06) ? someFrames : generator.chance(0.03) ? someBytes : oneRequest
      await kind()
      if (findings.length >= 20) return
    }
  }
  await Promise.all(Array.from({ length: 8 }, lane))
  await sendToBystander()
  for (let tries = 0; received.length < sent && tries < 50; tries++) await sleep(100)
  const expected = Array.from({ length: sent }, (_, n) => `${secret} ${n}`)
  if (
    received.length !== sent || received.some((text) => !expected.includes(text)) || new Set(received).size !== sent
  ) {
    found("the bystander missed a message", { sent, received: received.length })
  }
  if (sandbox.errors() !== "") found("the sandbox logged errors", sandbox.errors())
  const stored = await fetch(`${http}/_sandbox/messages`).then((response) => response.text())
  const late = memoryOf(sandbox.pid, "VmRSS")
  const peak = memoryOf(sandbox.pid, "VmHWM")
  if (late - early > maxGrowth) found("memory grew", { early, late })
  isDone = true
  bystander.close()
  agent.destroy()
  return {
    findings,
    ...counts,
    secrets,
    statuses,
    sent,
    received: received.length,
    stored,
    seconds: (Date.now() - startedAt) / 1000,
    memory: { early, late, peak }
  }
}
