/**
 * The Chromium for browser tests: the one at `CHROMIUM_PATH`, otherwise one that is installed on the system. Without
 * Chromium, browser tests are skipped; nothing is downloaded. The headless shell comes first: it is Chromium without the
 * windows, and takes half the processor time of the complete browser.
 */
import { existsSync } from "node:fs"

const named = process.env["CHROMIUM_PATH"]

const executablePath = (named === undefined || named === ""
  ? ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
  : [named]).find((path) => existsSync(path))

/** Playwright's launch options; `undefined` when Chromium is not installed. */
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
