/** Carries out the faults that do the same to a socket for a frame in either direction. */
import * as Effect from "effect/Effect"
import type { Action } from "../../Faults.ts"
import type { ClientSocket } from "../clientSocket.ts"

/** Closes the socket, without a close frame unless the fault has a code, or silences it. */
export const closeOrSilence = (
  client: ClientSocket,
  action: Extract<Action, { readonly type: "refuse" | "loseAnswer" | "close" | "silent" }>
): Effect.Effect<void> =>
  Effect.sync(() => {
    if (action.type === "silent") client.isSilent = true
    else client.close(action.type === "close" ? action.code ?? null : null)
  })
