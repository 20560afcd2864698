/** The messages between a `Tab` and its thread. */
import type { Endpoints, PageStorage } from "./environment.ts"

/** Which of the vendor's published clients, or our own. */
export type Generation = "address" | "group" | "v4" | "ours"

/** The data with which a thread is started. */
export interface TabData {
  readonly generation: Generation
  readonly endpoints: Endpoints
  readonly storage: PageStorage | undefined
}

export type Command =
  | { readonly id: number; readonly type: "page" }
  | { readonly id: number; readonly type: "run"; readonly source: string; readonly argument: unknown }

/** An error, as it is sent to another thread. */
export interface SerializedError {
  readonly name: string
  readonly message: string
  readonly code: string | undefined
  readonly stack: string
}

export type Reply =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly error: SerializedError }
