/**
 * Throws hostile traffic at a running sandbox, while two others talk to each other, and tells what went wrong: a crash,
 * an error of the server's own, a request that is never answered, somebody else's secret in an answer, a message that
 * the two did not get, or memory that grows without end.
 */
import * as SandboxProcess from "@effect-signalwire/sandbox/SandboxProcess"
import { readFileSync } from "node:fs"
import { Agent, request as httpRequest } from "node:http"
import { connect } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import * as Generator from "./generator.ts"

export interface Options {
  /** How many requests and frames. */
  readonly count: number
  readonly seed: number
  /** Flags of the sandbox. */
  readonly args?: ReadonlyArray<string>
}

export interface Report {
  readonly findings: ReadonlyArray<string>
  readonly requests: number
  readonly frames: number
  readonly raw: number
  readonly statuses: Readonly<Record<string, number>>
  /** What the bystander was sent, and what it got. */
  readonly told: number
  readonly heard: number
  readonly seconds: number
  /** What the server gave to one client and to no other. */
  readonly secrets: ReadonlySet<string>
  /** Everything that was stored at the end. */
  readonly stored: string
  /** MiB after the first tenth, at the end, and at most. */
  readonly memory: { readonly early: number; readonly late: number; readonly peak: number }
}

/** What the server gives to one client, and to no other. */
const secretGiven = /"(?:token|refresh_token|refreshToken|authorization_state)":"([^"]{20,})"/g

/** What a text says when its escapes are read, however deep they are. */
const readings = (text: string): ReadonlyArray<string> => {
  const decoded = text.replace(
    /%([\da-f]{2})|\\u00([\da-f]{2})|\\(["\\/])/gi,
    (_, percent: string | undefined, unicode: string | undefined, character: string | undefined) =>
      character ?? String.fromCharCode(Number.parseInt(percent ?? unicode ?? "", 16))
  )
  return decoded === text ? [text] : [text, ...readings(decoded)]
}

/** The secrets that a log tells, whole or the last part of them. */
export const secretsIn = (log: string, secrets: Iterable<string>): ReadonlyArray<string> => {
  const texts = readings(log)
  return [...secrets].filter((secret) =>
    texts.some((text) => text.includes(secret) || text.includes(secret.slice(-24)))
  )
}

const secret = "the-secret-of-alice-and-bob"

/** How long the server may take for anything, in milliseconds. */
const patience = 15_000

/** How much more memory it may hold at the end than early on, in MiB. */
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
    timer = setTimeout(() => resolve("late"), patience)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

interface Person {
  readonly id: string
  readonly addressId: string
  readonly token: string
}

export const run = async (options: Options): Promise<Report> => {
  const began = Date.now()
  const findings: Array<string> = []
  const found = (what: string, sample: unknown) => {
    if (findings.length < 20) findings.push(`${what}: ${JSON.stringify(sample)?.slice(0, 600)}`)
  }
  await using sandbox = await SandboxProcess.start(["--subscribers", "alice,bob,mallory", ...options.args ?? []])
  const { http, rooms, subscribers, ws } = sandbox.info
  const [alice, bob, mallory] = subscribers
  const [office] = rooms
  if (alice === undefined || bob === undefined || mallory === undefined || office === undefined) {
    throw new Error("nobody is there")
  }
  let ended = false
  void sandbox.exited.then((code) => {
    if (!ended) found("the sandbox ended", { code, errors: sandbox.errors() })
  })

  // the bystanders
  const say = (from: Person, to: Person, text: string) =>
    fetch(`${http}/api/fabric/messages`, {
      method: "POST",
      headers: { authorization: `Bearer ${from.token}` },
      body: JSON.stringify({ conversation_id: to.addressId, text, metadata: { secret } })
    }).then(({ status }) => status, () => 0)
  let told = 0
  const heard: Array<string> = []
  const bystander = new WebSocket(ws)
  bystander.addEventListener("message", ({ data }) => {
    const frame = JSON.parse(String(data))
    if (frame.method === undefined) return
    bystander.send(JSON.stringify({ jsonrpc: "2.0", id: frame.id, result: {} }))
    const text = frame.params?.params?.text
    if (typeof text === "string" && text.startsWith(secret)) heard.push(text)
  })
  bystander.addEventListener("close", ({ code }) => {
    if (!ended) found("the bystander's socket was closed", code)
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
  const tellBystander = async () => {
    const status = await say(alice, bob, `${secret} ${told++}`)
    if (status !== 200) found("a bystander's message was refused", status)
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
    // told always: without it, Node sends the body of a GET as if it were the next request
    const headers = { ...one.headers, "content-length": String(Buffer.byteLength(one.body)) }
    return new Promise<{ status: number; text: string } | "broken">((resolve) => {
      const asked = httpRequest(
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
      asked.on("error", () => resolve("broken"))
      asked.end(one.body)
    })
  }
  const oneRequest = async () => {
    const one = generator.http()
    counts.requests++
    const sample = { ...one, headers: undefined, body: String(one.body).slice(0, 300) }
    const answer = await inTime(exchange(one))
    if (answer === "late") return found("a request was not answered", sample)
    const status = answer === "broken" ? "broken" : String(answer.status)
    statuses[status] = (statuses[status] ?? 0) + 1
    if (answer === "broken") return found("a connection broke", sample)
    if (answer.status >= 500) found(`it was answered ${answer.status}`, { ...sample, answer: answer.text })
    for (const { 1: given } of answer.text.matchAll(secretGiven)) secrets.add(given ?? "")
    // the admin API tells everything there is
    if (answer.text.includes(secret) && !one.path.startsWith("/_sandbox")) found("somebody else's secret", sample)
    if (answer.text.includes("    at ") || answer.text.includes("node_modules")) found("a stack trace", sample)
  }

  // frames: a handful on one socket, and a ping at the end that has to be answered unless the socket was closed
  const someFrames = () =>
    new Promise<void>((resolve) => {
      const frames = Array.from({ length: 1 + generator.below(20) }, generator.frame)
      const isConnected = generator.chance(0.8)
      counts.frames += frames.length
      const socket = new WebSocket(ws)
      const late = setTimeout(() => {
        found("frames were not answered", frames.map(String))
        socket.close()
        resolve()
      }, patience)
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
        for (const { 1: given } of text.matchAll(secretGiven)) secrets.add(given ?? "")
        if (text.includes(secret)) found("somebody else's secret in a frame", frames.map(String))
        if (text.includes("    at ")) found("a stack trace in a frame", text)
        if (text.includes("\"the last\"")) socket.close()
      })
      socket.addEventListener("close", done)
    })

  // bytes: anything may happen to the connection, but nothing to the server
  const someBytes = () =>
    new Promise<void>((resolve) => {
      counts.raw++
      // everything is drawn before anything is waited for, so that the cases do not depend on how fast the server is
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
        if (text.includes(secret)) found("somebody else's secret after garbage", text)
        resolve()
      })
    })

  const total = () => counts.requests + counts.frames + counts.raw
  let early = 0
  let lastTold = 0
  const lane = async () => {
    while (total() < options.count && sandbox.errors().length < 10_000) {
      if (early === 0 && total() > options.count / 10) early = memoryOf(sandbox.pid, "VmRSS")
      if (total() - lastTold >= 200) {
        lastTold = total()
        await tellBystander()
      }
      const kind = generator.chance(0.06) ? someFrames : generator.chance(0.03) ? someBytes : oneRequest
      await kind()
      if (findings.length >= 20) return
    }
  }
  await Promise.all(Array.from({ length: 8 }, lane))
  await tellBystander()
  for (let tries = 0; heard.length < told && tries < 50; tries++) await sleep(100)
  const expected = Array.from({ length: told }, (_, n) => `${secret} ${n}`)
  if (heard.length !== told || heard.some((text) => !expected.includes(text)) || new Set(heard).size !== told) {
    found("the bystander missed something", { told, heard: heard.length })
  }
  if (sandbox.errors() !== "") found("the sandbox complained", sandbox.errors())
  const stored = await fetch(`${http}/_sandbox/messages`).then((response) => response.text())
  const late = memoryOf(sandbox.pid, "VmRSS")
  const peak = memoryOf(sandbox.pid, "VmHWM")
  if (late - early > maxGrowth) found("memory grew", { early, late })
  ended = true
  bystander.close()
  agent.destroy()
  return {
    findings,
    ...counts,
    secrets,
    statuses,
    told,
    heard: heard.length,
    stored,
    seconds: (Date.now() - began) / 1000,
    memory: { early, late, peak }
  }
}
