/**
 * A client that is broken on purpose, to see that it is noticed.
 *
 * - `lose`, `repeat`: every seventh message is lost, or comes twice.
 * - `quit`: a subscription that can't begin at once fails.
 * - `die`: what the platform throws ends who follows messages.
 * - `dawdle`: messages are handed on a minute late.
 * - `hush`: the connection is always said to be well.
 * - `dial`, `read`: the server is dialled without a limit, history read every second.
 * - `refresh`: a refresh that fails is tried again at once.
 * - `ignore`: a token that is given is not used.
 * - `clock`: durations are measured by the clock on the wall.
 * - `rename`: a message that is sent again under its id gets another one.
 * - `deny`: of a message that may have been stored it is said that it was not.
 */
export type Sabotage =
  | "lose"
  | "repeat"
  | "quit"
  | "die"
  | "dawdle"
  | "hush"
  | "dial"
  | "read"
  | "refresh"
  | "ignore"
  | "clock"
  | "rename"
  | "deny"
