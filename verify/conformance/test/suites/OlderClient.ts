/** The clients of the two older generations: they have the same methods, but different ids of conversations. */
import type { PageStorage } from "../../src/environment.ts"
import type { Server, TestSubscriber } from "../../src/Server.ts"
import type { OlderTab, TokenSource, UntypedJson } from "../support.ts"

export interface OlderClient {
  readonly name: "address" | "group"
  /** The name under which it connects. */
  readonly agent: string
  /** Opens a tab with a connected client, which records its events. */
  readonly open: (server: Server, source: TokenSource, storage?: PageStorage) => Promise<OlderTab>
  /** Sends a message to an address, and joins its conversation first where that is required. */
  readonly send: (tab: OlderTab, sender: TestSubscriber, addressId: string, text: string) => Promise<UntypedJson>
  /** Replaces the token; resolves at the latest when the client has sent it. */
  readonly updateToken: (tab: OlderTab, token: string) => Promise<void>
}
