/** What bundles for browsers leave out. */
import { assert, it } from "vitest"
import { entry, withEsbuild, withRolldown } from "../src/bundlers.ts"

it.each([["esbuild", withEsbuild], ["rolldown", withRolldown]] as const)(
  "a bundle for browsers by %s leaves out what only Node has a use for",
  async (_, bundle) => {
    const code = await bundle(entry("whole"))
    // the transport below a WebSocket, and the error codes of connections that failed
    for (const string of ["undici:", "ECONNREFUSED"]) assert.notInclude(code, string)
  }
)
