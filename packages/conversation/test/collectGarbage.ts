import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

/** Removes all objects that nothing holds from memory. */
export const collectGarbage = (): void => {
  setFlagsFromString("--expose-gc")
  const collect: unknown = runInNewContext("gc")
  if (typeof collect !== "function") throw new Error("this platform has no garbage collector that can be called")
  collect()
}
