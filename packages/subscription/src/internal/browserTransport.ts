/**
 * Replaces `nodeTransport.ts` in bundles for browsers (see `browser` in this package's `package.json`): a browser does
 * not show what is below a WebSocket.
 */
import type * as NodeTransport from "./nodeTransport.ts"

export const dialWithTransport: typeof NodeTransport.dialWithTransport = (_, make) => ({
  webSocket: make(),
  transport: () => undefined
})
