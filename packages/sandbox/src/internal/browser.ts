/**
 * Opens a page in the user's browser, with the command that the platform has for that.
 */
import { spawn } from "node:child_process"

const openerOf = (platform: NodeJS.Platform): readonly [command: string, ...args: ReadonlyArray<string>] => {
  switch (platform) {
    case "darwin":
      return ["open"]
    case "win32":
      // `start` belongs to a shell, which this does without
      return ["rundll32", "url.dll,FileProtocolHandler"]
    default:
      return ["xdg-open"]
  }
}

/** Opens a URL without waiting for it. `onFailure` is called with the reason, at most once, when there is nothing to open it. */
export const open = (url: string, onFailure: (reason: string) => void): void => {
  const [command, ...args] = openerOf(process.platform)
  const child = spawn(command, [...args, url], { detached: true, stdio: "ignore" })
  // after an error there may be an exit as well, or not
  let isOver = false
  const fail = (reason: string) => {
    if (isOver) return
    isOver = true
    onFailure(reason)
  }
  child.once("error", (error) => fail(error.message))
  child.once("exit", (code) => {
    if (code !== 0 && code !== null) fail(`${command} ended with ${code}`)
  })
  child.unref()
}
