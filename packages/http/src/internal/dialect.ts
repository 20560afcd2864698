/**
 * Which dialect the server speaks: configured, or learned from what it says.
 */
import * as Dialect from "@effect-signalwire/schema/Dialect"
import type { Client } from "./client.ts"

/** Remembers the dialect unless it is known already. */
export const settle = (client: Client, dialect: Dialect.Dialect | undefined): void => {
  client.dialect ??= dialect
}

/** Learns from objects on the wire: the first that tells is believed. */
export const learn = (client: Client, items: ReadonlyArray<unknown>): void => {
  if (client.dialect !== undefined) return
  const telling = items.find((item) => Dialect.detect(item) !== undefined)
  settle(client, Dialect.detect(telling))
}
