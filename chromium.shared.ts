/**
 * The Chromium that browser tests drive: the one at `CHROMIUM_PATH`, else one that the system has installed. Without any
 * there are no browser tests; nothing is downloaded.
 */
import { existsSync } from "node:fs"

const named = process.env["CHROMIUM_PATH"]

const executablePath = (named === undefined || named === ""
  ? ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
  : [named]).find((path) => existsSync(path))

/** How to launch it; `undefined` where there is none. */
export const chromium = executablePath === undefined ? undefined : {
  executablePath,
  args: [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    // Chromium refuses to run as root with its own sandbox, as in containers
    ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])
  ]
}
