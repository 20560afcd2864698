/**
 * Replaces `unsent.ts` in bundles for browsers (see `browser` in this package's `package.json`): the errors of a browser
 * do not say whether a request was sent.
 */
import { constFalse } from "effect/Function"
import type * as Unsent from "./unsent.ts"

export const isUnsent: typeof Unsent.isUnsent = constFalse
