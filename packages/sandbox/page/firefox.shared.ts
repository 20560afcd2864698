/** The Firefox that a test drives: the one at `FIREFOX_PATH`, else one that the system has installed; `undefined` without. */
import { existsSync } from "node:fs"

const named = process.env["FIREFOX_PATH"]

export const firefox = (named === undefined || named === ""
  ? ["/usr/bin/firefox-esr", "/usr/bin/firefox"]
  : [named]).find((path) => existsSync(path))
