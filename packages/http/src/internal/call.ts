/**
 * What all methods of the service have in common: options are copied when a method is called, and validated in the span
 * of the method when it runs.
 */
import type { Page } from "@effect-signalwire/schema/Page"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { SignalWireHttpError } from "../SignalWireHttpError.ts"
import type { Client } from "./client.ts"
import { fromResult } from "./errors.ts"
import type { ListRequest } from "./listRequest.ts"
import * as ListStream from "./listStream.ts"
import * as Pages from "./pages.ts"
import type { Validated } from "./validation.ts"

/** Runs `use` with the validated options. */
export const withOptions = <I, A>(
  client: Client,
  method: string,
  options: object | undefined,
  validate: (options: unknown) => Validated<I>,
  use: (input: I) => Effect.Effect<A, SignalWireHttpError>
): Effect.Effect<A, SignalWireHttpError> => {
  const copy = { ...options }
  return Effect.suspend(() => Effect.flatMap(fromResult(method, validate(copy)), use)).pipe(
    client.instrumentation.span(method)
  )
}

/** A list of the service: how its options are validated, and what they request. */
export interface List<I, A> {
  readonly validate: (options: unknown) => Validated<I>
  readonly request: (client: Client, method: string, input: I) => ListRequest<A>
}

/** Reads the first page of a list. */
export const firstPage = <I, A>(
  client: Client,
  method: string,
  { request, validate }: List<I, A>,
  options: object | undefined
): Effect.Effect<Page<A, SignalWireHttpError>, SignalWireHttpError> =>
  withOptions(client, method, options, validate, (input) => Pages.first(request(client, method, input)))

/** Streams all items of a list. */
export const stream = <I, A>(
  client: Client,
  method: string,
  { request, validate }: List<I, A>,
  options: object | undefined
): Stream.Stream<A, SignalWireHttpError> => {
  const copy = { ...options }
  return Stream.scoped(Stream.fromPull(Effect.gen(function*() {
    const withinSpan = yield* client.instrumentation.spanScoped(method)
    const input = yield* fromResult(method, validate(copy))
    return yield* ListStream.pull(request(client, method, input), withinSpan)
  })))
}
