/** The events of a run, line by line, and a hash of all lines. */
export class Trace {
  readonly lines: Array<string> = []
  /** The number of the current step, or the name of the phase. */
  step = ""
  #hash = 0x811c9dc5
  #other = 0x9747b28c
  readonly #now: () => number
  readonly #keep: boolean

  constructor(now: () => number, keep: boolean) {
    this.#now = now
    this.#keep = keep
  }

  note(text: string): void {
    const line = `${this.step.padStart(4)} ${(this.#now() / 1000).toFixed(3).padStart(10)}  ${text}`
    for (let index = 0; index < line.length; index++) {
      const code = line.charCodeAt(index)
      this.#hash = Math.imul(this.#hash ^ code, 0x01000193)
      this.#other = Math.imul(this.#other ^ code, 0x5bd1e995)
    }
    if (this.#keep) this.lines.push(line)
  }

  get hash(): string {
    return [this.#hash, this.#other].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("")
  }
}
