/** All scenarios, in the order of the scorecard. Those that take longest are last. */
import * as Connection from "./scenarios/connection.ts"
import * as Delivery from "./scenarios/delivery.ts"
import * as Requests from "./scenarios/requests.ts"
import type { Scenario } from "./scenarios/Scenario.ts"

export const scenarios: ReadonlyArray<Scenario> = [
  Delivery.throwing,
  Delivery.outage(true),
  Delivery.outage(false),
  Delivery.resent,
  Requests.lostResponse,
  Requests.foreignLink,
  Delivery.metadataAndDetails,
  Requests.newToken,
  Delivery.isolation,
  Connection.silentStart,
  Connection.halfOpen(0),
  Connection.halfOpen(1),
  Connection.restart,
  Connection.transient
]
