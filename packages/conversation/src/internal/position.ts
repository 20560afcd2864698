/** The position of a message in a sequence: by time, and by id among messages of the same time. */
export interface Position {
  readonly epochSeconds: number
  readonly id: string
}

/** A total order of positions, for `Array.sort`. */
export const compare = (a: Position, b: Position): number =>
  a.epochSeconds - b.epochSeconds || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
