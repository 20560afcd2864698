/** A step of a run. */
import type { Device } from "../device.ts"
import type { World } from "../world.ts"

export interface Step {
  /** How likely the step is, in proportion to the others; 0 for one that is never chosen at random. */
  readonly weight: number
  readonly run: (world: World) => void
}

/** A random device; `undefined` while there is none. */
export const randomDevice = ({ devices, random }: World): Device | undefined => random.oneOf(devices)
