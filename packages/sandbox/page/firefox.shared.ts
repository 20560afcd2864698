/** The path of Firefox: `FIREFOX_PATH`, or the one that is installed on the system; `undefined` if there is none. */
import { existsSync } from "node:fs"

const named = process.env["FIREFOX_PATH"]

export const firefox = (named === undefined || named === ""
  ? ["/usr/bin/firefox-esr", "/usr/bin/firefox"]
  : [named]).find((path) => existsSync(path))
