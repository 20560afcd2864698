/**
 * The fault rules in `docs/sandbox.md`, by the names in its code blocks, so that the documented rules are tested.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"

const text = readFileSync(join(import.meta.dirname, "../../../docs/sandbox.md"), "utf8")

export const rules: ReadonlyMap<string, object> = new Map(
  Array.from(text.matchAll(/^```json fault:(\S+)\n([\s\S]*?)^```$/gm), ([, name = "", json = ""]) => [
    name,
    JSON.parse(json)
  ])
)

/** Returns the rule with this name. */
export const rule = (name: string): object => {
  const found = rules.get(name)
  if (found === undefined) throw new Error(`docs/sandbox.md has no rule ${name}`)
  return found
}
