/** The implementations in the order of the scorecard's columns. */
import { address } from "./implementations/address.ts"
import { group } from "./implementations/group.ts"
import type { Implementation } from "./implementations/Implementation.ts"
import { ours } from "./implementations/ours.ts"
import { v4 } from "./implementations/v4.ts"

export const implementations: ReadonlyArray<Implementation> = [ours, address, group, v4]
