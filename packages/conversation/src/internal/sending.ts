/** `Conversations.sendMessage`: client ids, spans and the returned conversation around the queue of sends. */
import type { Instrumentation } from "@effect-signalwire/runtime/Instrumentation"
import * as Uuid from "@effect-signalwire/runtime/Uuid"
import * as Branded from "@effect-signalwire/schema/Branded"
import type { Conversation } from "@effect-signalwire/schema/Conversation"
import * as Effect from "effect/Effect"
import type { ConversationError } from "../ConversationError.ts"
import type { ConversationCache } from "./conversationCache.ts"
import type { SendOptions } from "./conversationsOptions.ts"
import { Idempotency } from "./idempotency.ts"
import type { MetricsRecorder } from "./metricsRecorder.ts"
import type { OutgoingMessage } from "./outgoingMessage.ts"
import type { SendQueue } from "./sendQueue.ts"

export interface Dependencies {
  readonly queue: SendQueue
  readonly cache: ConversationCache
  readonly metrics: MetricsRecorder
  readonly instrumentation: Instrumentation
  readonly traceMessages: boolean
  /** How long a request of unknown outcome may be in flight at most. Milliseconds. */
  readonly inFlightMillis: number
  /** Made for the first send with a client id of the caller's own. */
  idempotency: Idempotency<Conversation> | undefined
}

type Metadata = SendOptions["metadata"]

export const sendMessage = (
  dependencies: Dependencies,
  options: SendOptions
): Effect.Effect<Conversation, ConversationError> => {
  const { cache, instrumentation, metrics, queue, traceMessages } = dependencies
  const { addressId } = options
  const deliver = (
    metadata: Metadata,
    clientId: string,
    context: Pick<OutgoingMessage, "prior" | "onSend">
  ) =>
    Effect.flatMap(
      metrics.trackSend(queue.send({ ...options, metadata, clientId: Branded.clientId(clientId), ...context })).pipe(
        instrumentation.annotateSend(clientId)
      ),
      (receipt) => cache.afterSend(addressId, receipt)
    )
  const send = (metadata: Metadata) => {
    const { clientId, isNew = false } = options
    if (clientId === undefined) {
      return Effect.flatMap(Uuid.make, (id) => deliver(metadata, id, { prior: null }))
    }
    const idempotency = dependencies.idempotency ??= new Idempotency(dependencies.inFlightMillis)
    return idempotency.run({ addressId, clientId, isNew }, (context) => deliver(metadata, clientId, context))
  }
  return traceMessages
    ? Effect.flatMap(instrumentation.traceMetadata(options.metadata), send)
    : send(options.metadata)
}
