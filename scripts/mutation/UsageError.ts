/** An error of the user of `pnpm mutate`, whose message says what is wrong. */
export class UsageError extends Error {}
