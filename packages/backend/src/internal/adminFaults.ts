/**
 * Admin routes that read and set fault rules.
 */
import { strictDecoder } from "@effect-signalwire/schema/SchemaDecoder"
import * as Effect from "effect/Effect"
import * as ApiError from "../ApiError.ts"
import * as Faults from "../Faults.ts"
import { type AddRoute, jsonBody } from "./adminRouting.ts"
import { json } from "./http.ts"

// strict, because a rule with a misspelled key would match more than intended
const decodeRules = strictDecoder(Faults.Rules)
const decodeNewRules = strictDecoder(Faults.NewRules)

export const add = Effect.fnUntraced(function*(route: AddRoute, faults: Faults.Service) {
  const current = () => json(faults.rules())
  yield* route("GET", "/faults", Effect.sync(current))
  yield* route(
    "PUT",
    "/faults",
    Effect.map(jsonBody(decodeRules), (rules) => {
      faults.set(rules)
      return current()
    })
  )
  yield* route(
    "POST",
    "/faults",
    Effect.gen(function*() {
      const { rules } = yield* jsonBody(decodeNewRules)
      if (faults.rules().rules.length + rules.length > Faults.maxRules) {
        return yield* ApiError.invalidParameter(
          "rules",
          `must not exceed ${Faults.maxRules} together with the active rules`
        )
      }
      faults.add(rules)
      return current()
    })
  )
  yield* route(
    "DELETE",
    "/faults",
    Effect.sync(() => {
      faults.clear()
      return current()
    })
  )
})
