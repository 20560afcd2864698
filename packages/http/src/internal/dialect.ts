/**
 * Which dialect the server speaks: configured, or learned from what it says.
 */
import * as Dialect from "@effect-signalwire/schema/Dialect"

export interface Memory {
  /** The dialect in use; `undefined` until something told. */
  readonly current: () => Dialect.Dialect | undefined
  /** Remembers the dialect unless it is known already. */
  readonly settle: (dialect: Dialect.Dialect | undefined) => void
  /** Learns from objects on the wire: the first that tells is believed. */
  readonly learn: (items: ReadonlyArray<unknown>) => void
}

export const makeMemory = (option: "auto" | Dialect.Dialect): Memory => {
  let known = option === "auto" ? undefined : option
  const settle: Memory["settle"] = (dialect) => {
    known ??= dialect
  }
  return {
    current: () => known,
    settle,
    learn: (items) => {
      if (known !== undefined) return
      const telling = items.find((item) => Dialect.detect(item) !== undefined)
      settle(Dialect.detect(telling))
    }
  }
}
