/**
 * What a `Tab` and its thread say to each other.
 */
import type { Kept, Place } from "./environment.ts"

/** Which of the vendor's published clients, or our own. */
export type Generation = "address" | "group" | "v4" | "ours"

/** What a thread is started with. */
export interface TabData {
  readonly generation: Generation
  readonly place: Place
  readonly kept: Kept | undefined
}

export type Command =
  | { readonly id: number; readonly type: "page" }
  | { readonly id: number; readonly type: "run"; readonly source: string; readonly argument: unknown }

/** An error, as far as it can be told to another thread. */
export interface Told {
  readonly name: string
  readonly message: string
  readonly code: string | undefined
  readonly stack: string
}

export type Reply =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly error: Told }
