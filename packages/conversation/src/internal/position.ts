/** Where a message stands: by time, and among those of one time by id. A total order. */
export interface Position {
  readonly epochSeconds: number
  readonly id: string
}

export const compare = (a: Position, b: Position): number =>
  a.epochSeconds - b.epochSeconds || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
