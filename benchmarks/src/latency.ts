/** Row 10: the time of one event from the socket to a waiting subscriber. */
import * as NodeWebSockets from "@effect-signalwire/subscription/NodeWebSockets"
import * as WebSockets from "@effect-signalwire/subscription/WebSockets"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Socket from "effect/socket/Socket"
import { performance } from "node:perf_hooks"
import { chromium as playwright } from "playwright"
import { WebSocket as NodeWebSocket } from "ws"
import { chromium } from "../../chromium.shared.ts"
import { entry, withEsbuild } from "./bundlers.ts"
import * as Feed from "./feed/Feed.ts"
import * as Ours from "./feed/ourClient.ts"
import { type Benchmark, type Figure, spreadOf } from "./harness.ts"

const events = 1500
const gapMillis = 2

/** Sockets that call `onFrame` before they deliver a frame to the client. */
const observed = (layer: Layer.Layer<Socket.WebSocketConstructor>, onFrame: () => void) =>
  Layer.effect(
    Socket.WebSocketConstructor,
    Effect.map(Socket.WebSocketConstructor, (open) => (url: string, options?: Socket.WebSocketConstructorOptions) => {
      const webSocket = open(url, options)
      webSocket.addEventListener("message", onFrame)
      return webSocket
    })
  ).pipe(Layer.provide(layer))

const measure = async (layer: Layer.Layer<Socket.WebSocketConstructor>): Promise<ReadonlyArray<number>> => {
  await using feed = await Feed.start()
  const times: Array<number> = []
  let arrived = 0
  let onEvent = () => {}
  const onFrame = () => {
    arrived = performance.now()
  }
  const close = await Ours.connect(observed(layer, onFrame), 1)(feed, () => {
    times.push((performance.now() - arrived) * 1000)
    onEvent()
  })
  for (let n = 0; n < events; n++) {
    const received = new Promise<void>((resolve) => {
      onEvent = resolve
    })
    await Promise.all([received, feed.flood(1)])
    await new Promise((resolve) => {
      setTimeout(resolve, gapMillis)
    })
  }
  await close()
  // the first events run uncompiled code
  return times.slice(events / 3)
}

/** The same in a page in Chromium; empty when it is not installed. */
const measureInPage = async (): Promise<ReadonlyArray<number>> => {
  if (chromium === undefined) return []
  await using feed = await Feed.start()
  feed.page(await withEsbuild(entry("latency")))
  const browser = await playwright.launch(chromium)
  const page = await browser.newPage()
  await page.goto(`${feed.http}/page`)
  await page.waitForFunction(() => document.title === "ready")
  for (let n = 0; n < events; n++) {
    await feed.flood(1)
    await new Promise((resolve) => {
      setTimeout(resolve, gapMillis)
    })
  }
  const times: ReadonlyArray<number> = await page.evaluate("recordedTimes()")
  await browser.close()
  return times.slice(events / 3)
}

const run = async (): Promise<ReadonlyArray<Figure>> => {
  const figures: Array<Figure> = []
  for (
    const [name, layer] of [
      ["global WebSocket", WebSockets.layer],
      ["ws", NodeWebSockets.layer(NodeWebSocket)]
    ] as const
  ) {
    figures.push({
      row: "10",
      what: `one event over ${name} to a waiting subscriber`,
      unit: "us",
      spread: spreadOf(await measure(layer)),
      goal: { is: "at most", value: 100, tolerance: 1 }
    })
  }
  const inPage = await measureInPage()
  if (inPage.length > 0) {
    figures.push({
      row: "10",
      what: "one event in Chromium to a waiting callback",
      unit: "us",
      spread: spreadOf(inPage),
      goal: { is: "at most", value: 150, tolerance: 0.5 }
    })
  }
  return figures
}

export const benchmark: Benchmark = {
  about: "One event at a time, from the moment the socket delivers its frame until the subscriber receives it.",
  run
}
