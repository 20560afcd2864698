/** What a run stores on the server, and reads from it, by the admin API. */
import { setTimeout as sleep } from "node:timers/promises"
import type { Stored } from "./check.ts"
import type { RestartableSandbox } from "./sandbox.ts"

export interface ServerAccess {
  /** Stores a message of the last subscriber; does nothing while the server is down. */
  readonly seed: (text: string, addressId: string, push?: boolean) => Promise<void>
  /** Stores a message in each room. */
  readonly seedAll: (text: string) => Promise<void>
  /** All stored messages, room by room; waits while the server is down. */
  readonly stored: () => Promise<ReadonlyArray<Stored>>
  /** The number of sessions with a socket. */
  readonly connectedCount: () => Promise<number>
}

export const make = (sandbox: RestartableSandbox): ServerAccess => {
  const { rooms, subscribers } = sandbox.info
  const sender = subscribers.at(-1)
  if (sender === undefined) throw new Error("the sandbox has no subscriber")

  const readStored = async (): Promise<ReadonlyArray<Stored>> => {
    const lists = await Promise.all(
      rooms.map(async ({ addressId }) =>
        (await sandbox.admin((admin) => admin.stored(addressId))).map(({ id, text, ts }) => ({
          addressId,
          id,
          text: text ?? "",
          ts: Number(ts)
        }))
      )
    )
    return lists.flat()
  }
  const seed: ServerAccess["seed"] = async (text, addressId, push = true) => {
    await sandbox.admin((admin) => admin.seed([{ from: sender.id, addressId, text, push }])).catch(() => undefined)
  }
  return {
    seed,
    seedAll: async (text) => {
      for (const { addressId } of rooms) await seed(text, addressId)
    },
    stored: async () => {
      for (;;) {
        try {
          return await readStored()
        } catch {
          await sleep(50)
        }
      }
    },
    connectedCount: async () =>
      (await sandbox.admin((admin) => admin.sessions)).filter(({ connected }) => connected).length
  }
}
