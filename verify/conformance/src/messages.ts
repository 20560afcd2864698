/** The messages between a `Tab` and the thread that hosts it. */
import type { Endpoints, PageStorage } from "./environment.ts"

/** Which of the vendor's published clients, or our own. */
export type Generation = "address" | "group" | "v4" | "ours"

/** What a thread does with one of its tabs. */
export type Action =
  | {
    readonly type: "open"
    readonly generation: Generation
    readonly endpoints: Endpoints
    readonly storage: PageStorage | undefined
  }
  /** Returns its traffic. */
  | { readonly type: "page" }
  /** Calls a function, given by its source text, with an argument as JSON. */
  | { readonly type: "run"; readonly source: string; readonly argument: string | undefined }
  | { readonly type: "close" }

export interface Command {
  readonly id: number
  readonly tab: number
  readonly action: Action
}

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
