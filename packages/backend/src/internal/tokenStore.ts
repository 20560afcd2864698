/**
 * The tokens that were minted and not forgotten, by their text and by whose they are, each in the order of minting.
 */
import type { SubscriberId } from "@effect-signalwire/schema/Ids"
import type { Token } from "../Records.ts"
import { bytesOf } from "./memoryBudget.ts"

/** What a token takes in memory besides its text, in bytes: its record, and what finds it in a text. */
const overhead = 3072

/** What a token takes in memory, in bytes. */
export const tokenBytes = ({ token }: Token): number => overhead + bytesOf(token)

interface Owned {
  readonly texts: Set<string>
  bytes: number
}

export class TokenStore {
  readonly #byText = new Map<string, Token>()
  readonly #byOwner = new Map<SubscriberId, Owned>()
  #bytes = 0

  /** What all of them take, in bytes. */
  get bytes(): number {
    return this.#bytes
  }

  get(text: string): Token | undefined {
    return this.#byText.get(text)
  }

  values(): Iterable<Token> {
    return this.#byText.values()
  }

  *of(subscriberId: SubscriberId): Generator<Token> {
    for (const text of this.#byOwner.get(subscriberId)?.texts ?? []) {
      const token = this.#byText.get(text)
      if (token !== undefined) yield token
    }
  }

  /** How many one subscriber has. */
  countOf(subscriberId: SubscriberId): number {
    return this.#byOwner.get(subscriberId)?.texts.size ?? 0
  }

  /** What those of one subscriber take, in bytes. */
  bytesOf(subscriberId: SubscriberId): number {
    return this.#byOwner.get(subscriberId)?.bytes ?? 0
  }

  /** Adds it, or puts it in the place of what was known of it. */
  set(token: Token): void {
    const isNew = !this.#byText.has(token.token)
    this.#byText.set(token.token, token)
    if (!isNew) return
    const bytes = tokenBytes(token)
    this.#bytes += bytes
    const owned = this.#byOwner.get(token.subscriberId)
    if (owned === undefined) this.#byOwner.set(token.subscriberId, { texts: new Set([token.token]), bytes })
    else {
      owned.texts.add(token.token)
      owned.bytes += bytes
    }
  }

  delete(text: string): void {
    const token = this.#byText.get(text)
    if (token === undefined) return
    this.#byText.delete(text)
    const bytes = tokenBytes(token)
    this.#bytes -= bytes
    const owned = this.#byOwner.get(token.subscriberId)
    if (owned === undefined) return
    owned.texts.delete(text)
    owned.bytes -= bytes
    if (owned.texts.size === 0) this.#byOwner.delete(token.subscriberId)
  }
}
