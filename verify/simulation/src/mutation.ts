/**
 * A bug that is put into the client on purpose. The tests check that the simulation detects each of them.
 *
 * - `loseMessages`, `repeatMessages`: every seventh message is lost, or delivered twice.
 * - `failInOutage`: a subscription that cannot begin within 3 seconds fails.
 * - `propagateExceptions`: an exception of the platform ends subscriptions.
 * - `delayDelivery`: messages are delivered a minute late.
 * - `reportConnected`: the connection is always reported as `Connected`.
 * - `dialWithoutLimit`, `readWithoutPause`: the client dials without a limit, or reads history every second.
 * - `retryRefreshAtOnce`: a failed refresh is retried without a pause.
 * - `ignoreNewToken`: a token from the application is not used.
 * - `measureByWallClock`: durations are measured by the wall clock.
 * - `changeClientId`: a message that is sent again under its client id gets another one.
 * - `denyStored`: a message that may have been stored is reported as not stored.
 */
export type Mutation = typeof mutations[number]

export const mutations = [
  "loseMessages",
  "repeatMessages",
  "failInOutage",
  "propagateExceptions",
  "delayDelivery",
  "reportConnected",
  "dialWithoutLimit",
  "readWithoutPause",
  "retryRefreshAtOnce",
  "ignoreNewToken",
  "measureByWallClock",
  "changeClientId",
  "denyStored"
] as const

const names: ReadonlyArray<string> = mutations

export const isMutation = (name: string): name is Mutation => names.includes(name)
