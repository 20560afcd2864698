/**
 * The command line interface of the sandbox. It writes only the ready message to standard output.
 */
import type * as Dialect from "@effect-signalwire/schema/Dialect"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Cause from "effect/Cause"
import * as Argument from "effect/cli/Argument"
import * as CliError from "effect/cli/CliError"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FileSystem from "effect/FileSystem"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import packageJson from "../package.json" with { type: "json" }
import * as Browser from "./internal/browser.ts"
import * as PageRoutes from "./internal/pageRoutes.ts"
import * as Sandbox from "./Sandbox.ts"

const names = (text: string): ReadonlyArray<string> =>
  text.split(",").map((name) => name.trim()).filter((name) => name !== "")

/** The URL of the page. A server that listens on all addresses is opened under a loopback name. */
const pageUrl = ({ http }: Sandbox.Info): string => {
  const url = new URL(PageRoutes.path, http)
  if (url.hostname === "0.0.0.0" || url.hostname === "[::]") url.hostname = "localhost"
  return url.href
}

const toText = (info: Sandbox.Info): string => {
  const lines = [
    "The sandbox is ready. Stop it with Ctrl+C.",
    "",
    `  Page    ${pageUrl(info)}`,
    `  HTTP    ${info.http}`,
    `  Socket  ${info.ws}`,
    `  Admin   ${info.admin}`,
    "",
    ...info.rooms.map(({ addressId, name }) => `  Room ${name}: ${addressId}`),
    ...info.subscribers.flatMap(({ addressId, name, token }) => [
      `  Subscriber ${name}: ${addressId}`,
      `    SIGNALWIRE_TOKEN=${token}`
    ])
  ]
  return lines.join("\n")
}

const sandbox = Command.make(
  "effect-signalwire-sandbox",
  {
    port: Flag.Int("port").pipe(
      Flag.withDefault(0),
      Flag.withDescription("Port to listen on; 0 for any free port")
    ),
    host: Flag.String("host").pipe(
      Flag.withDefault("127.0.0.1"),
      Flag.withDescription("Address to listen on; use a loopback address, because the admin API needs no token")
    ),
    allowedHosts: Flag.String("allowed-hosts").pipe(
      Flag.withDefault(""),
      Flag.withMetavar("NAMES"),
      Flag.withDescription("Other host names of this machine, separated by commas")
    ),
    data: Flag.String("data").pipe(
      Flag.withDefault(":memory:"),
      Flag.withMetavar("FILE"),
      Flag.withDescription("SQLite file to store everything in, or :memory: to store nothing")
    ),
    json: Flag.Boolean("json").pipe(
      Flag.withDefault(false),
      Flag.withDescription("Print one line of JSON when ready, and nothing else")
    ),
    open: Flag.Boolean("open").pipe(
      Flag.withDefault(false),
      Flag.withDescription("Open the page of the sandbox in the browser when ready")
    ),
    dialect: Flag.Literals("dialect", ["all", "address", "group"] satisfies ReadonlyArray<Dialect.WireForm>).pipe(
      Flag.withDefault("all"),
      Flag.withDescription("Dialect of the request bodies and responses")
    ),
    subscribers: Flag.String("subscribers").pipe(
      Flag.withDefault("ada,grace"),
      Flag.withDescription("Subscribers to add if they do not exist, separated by commas")
    ),
    rooms: Flag.String("rooms").pipe(
      Flag.withDefault("office"),
      Flag.withDescription("Rooms to add if they do not exist, separated by commas")
    ),
    log: Flag.String("log").pipe(
      Flag.optional,
      Flag.withMetavar("FILE"),
      Flag.withDescription(
        "Append every request, response and frame to this file, as lines of JSON with secrets redacted"
      )
    ),
    tls: Flag.File("tls", { mustExist: true }).pipe(
      Flag.optional,
      Flag.withMetavar("CERT KEY"),
      Flag.withDescription("Serve https and wss with this certificate and key, both in PEM format")
    ),
    // `--tls CERT KEY`: the flag has one value, so the key is an argument
    key: Argument.File("KEY", { mustExist: true }).pipe(
      Argument.optional,
      Argument.withDescription("Key of the --tls certificate")
    )
  },
  Effect.fnUntraced(function*(flags) {
    const files = yield* FileSystem.FileSystem
    if (Option.isSome(flags.tls) !== Option.isSome(flags.key)) {
      return yield* new CliError.UserError({ cause: new Error("--tls requires two files: --tls CERT KEY") })
    }
    const tls = Option.isSome(flags.tls) && Option.isSome(flags.key)
      ? { cert: yield* files.readFileString(flags.tls.value), key: yield* files.readFileString(flags.key.value) }
      : undefined
    const { backend: _backend, faults: _faults, ...info } = yield* Sandbox.make({
      port: flags.port,
      host: flags.host,
      allowedHosts: names(flags.allowedHosts),
      data: flags.data,
      dialect: flags.dialect,
      subscribers: names(flags.subscribers),
      rooms: names(flags.rooms),
      log: Option.getOrUndefined(flags.log),
      tls
    })
    process.stdout.write(`${flags.json ? JSON.stringify(info) : toText(info)}\n`)
    if (flags.open) {
      const page = pageUrl(info)
      Browser.open(page, (reason) => {
        process.stderr.write(`effect-signalwire-sandbox: ${page} could not be opened: ${reason}\n`)
      })
    }
    return yield* Effect.never
  }, Effect.scoped)
).pipe(
  Command.withDescription("A local server that speaks the SignalWire Conversation wire protocol.")
)

/** Writes usage errors to standard error, where they cannot be mistaken for the ready message; requested help is normal output. */
const console: Console.Console = process.argv.some((argument) => /^(-h|--help|--version|--completions)/.test(argument))
  ? globalThis.console
  : { ...globalThis.console, log: globalThis.console.error }

Command.run(sandbox, { version: packageJson.version }).pipe(
  Effect.catchTag("SandboxError", (error) =>
    Effect.andThen(
      Console.error(`effect-signalwire-sandbox: ${error.message}`),
      Effect.sync(() => {
        process.exitCode = 1
      })
    )),
  Effect.provideService(Console.Console, console),
  Effect.provide([NodeServices.layer, Logger.layer([Logger.withConsoleError(Logger.formatLogFmt)])]),
  NodeRuntime.runMain({
    // an interruption is the normal way to stop
    teardown: (exit, onExit) =>
      onExit(
        Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause) ? Number(process.exitCode ?? 0) : 1
      )
  })
)
