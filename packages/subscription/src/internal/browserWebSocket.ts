/**
 * Replaces `nodeWebSocket.ts` in bundles for browsers (see `browser` in this package's `package.json`): a browser does
 * not show what is below a WebSocket, and closes it in time.
 */
import type * as NodeWebSocket from "./nodeWebSocket.ts"

export const open: typeof NodeWebSocket.open = (_, make) => make()
