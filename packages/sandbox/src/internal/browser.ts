/**
 * Opens a page in the user's browser, with the command of the platform.
 */
import { spawn } from "node:child_process"

const commandFor = (platform: NodeJS.Platform): readonly [command: string, ...args: ReadonlyArray<string>] => {
  switch (platform) {
    case "darwin":
      return ["open"]
    case "win32":
      // `start` is a shell built-in, and no shell is used here
      return ["rundll32", "url.dll,FileProtocolHandler"]
    default:
      return ["xdg-open"]
  }
}

/** Opens a URL without waiting for the browser. `onFailure` is called, at most once, with the reason for a failure. */
export const open = (url: string, onFailure: (reason: string) => void): void => {
  const [command, ...args] = commandFor(process.platform)
  const child = spawn(command, [...args, url], { detached: true, stdio: "ignore" })
  // an `error` may be followed by an `exit`
  let hasFailed = false
  const fail = (reason: string) => {
    if (hasFailed) return
    hasFailed = true
    onFailure(reason)
  }
  child.once("error", (error) => fail(error.message))
  child.once("exit", (code) => {
    if (code !== 0 && code !== null) fail(`${command} exited with code ${code}`)
  })
  child.unref()
}
