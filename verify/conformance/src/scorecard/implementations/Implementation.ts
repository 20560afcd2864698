/** The implementations that are compared, each behind the same driver. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { Endpoints } from "../../environment.ts"
import type { Generation } from "../../messages.ts"
import { Tab } from "../../Tab.ts"

/** The subscriber of a client. */
export interface ClientIdentity {
  readonly token: string
  readonly addressId: string
}

export interface SendOptions {
  readonly addressId: string
  readonly text: string
  readonly metadata: Record<string, string>
  readonly details: Record<string, string>
}

/** The operations of a scenario, carried out with a client's own methods. Objects are returned as the client returns them. */
interface Driver {
  /** Connects; `tokenLifetime` is how long the token is valid, in milliseconds, for clients that need to know. */
  readonly connect: (tokenLifetime: number) => Promise<void>
  readonly join: (addressId: string) => Promise<void>
  /**
   * Receives the messages of all conversations, where the client offers that, otherwise of this one. A listener whose name
   * begins with `failing` throws when it receives "boom".
   */
  readonly listen: (name: string, addressId: string) => Promise<void>
  /** Receives the messages of one conversation. */
  readonly listenTo: (name: string, addressId: string) => Promise<void>
  /** The messages that a listener has received. */
  readonly received: (name: string) => ReadonlyArray<object>
  readonly send: (message: SendOptions) => Promise<void>
  /** Reads the newest page of a conversation. */
  readonly history: (addressId: string) => Promise<ReadonlyArray<object>>
  /** Reads the page after the last one. */
  readonly nextPage: () => Promise<void>
  readonly replaceToken: (token: string) => Promise<void>
}

export interface DriverState {
  driver: Driver
}

/** A tab with a driver. */
export type DriverTab = Tab<unknown, DriverState>

export interface Implementation {
  readonly name: string
  readonly version: string
  /** Opens a tab with the client, not yet connected. */
  readonly open: (endpoints: Endpoints, identity: ClientIdentity) => Promise<DriverTab>
  /** Why it cannot send metadata and details; absent when it can. */
  readonly sendsTextOnly?: string
}

/** The version of a package, whose folder is relative to that of this one. */
export const versionOf = (folder: string): string => {
  const file = join(import.meta.dirname, "../../..", folder, "package.json")
  const content: unknown = JSON.parse(readFileSync(file, "utf8"))
  if (typeof content === "object" && content !== null && "version" in content) return String(content.version)
  throw new Error(`${file} has no version`)
}

/** Opens a tab, and sets up its driver. `setUp` passes a function that runs in the tab, with nothing of this project. */
export const openDriver = async <Vendor>(
  generation: Generation,
  endpoints: Endpoints,
  setUp: (tab: Tab<Vendor, DriverState>) => Promise<void>
): Promise<DriverTab> => {
  const tab = await Tab.open<Vendor, DriverState>(generation, endpoints)
  await setUp(tab)
  return tab
}
