/** A mutant that does the same as the source, and that therefore no test can kill. */
export interface Equivalent {
  /** The file, from `src` of the package. */
  readonly file: string
  /** The text of the source that is replaced, which `pnpm mutate` shortens if it is long. White space does not matter. */
  readonly source: string
  readonly replacement: string
  /** The line on which the text begins, where a file has the same text more than once. */
  readonly line?: string
  /** Why the program does the same. */
  readonly reason: string
}
