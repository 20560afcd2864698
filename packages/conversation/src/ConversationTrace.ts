/**
 * Distributed traces across a conversation: links the span in which a message is processed to the span in which it was
 * sent.
 *
 * A client with the option `traceMessages: true` adds the W3C trace context of its span to the `metadata` of the
 * messages that it sends, as `traceparent`. All members of the conversation can read it, so the option is off by
 * default.
 *
 * @since 0.1.0
 */
import * as SemanticConventions from "@effect-signalwire/runtime/SemanticConventions"
import type { ConversationMessage } from "@effect-signalwire/schema/ConversationMessage"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Headers from "effect/http/Headers"
import * as HttpTraceContext from "effect/http/HttpTraceContext"
import * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"

/** The key in `metadata`, see https://www.w3.org/TR/trace-context/#traceparent-header */
const key = "traceparent"

/** Returns the span in which a message was sent; `None` if the sender did not include it. */
export const senderSpan = ({ metadata }: Pick<ConversationMessage, "metadata">): Option.Option<Tracer.ExternalSpan> => {
  const traceparent = metadata[key]
  return typeof traceparent === "string"
    ? HttpTraceContext.w3c(Headers.fromRecordUnsafe({ [key]: traceparent }))
    : Option.none()
}

/**
 * Runs an effect that processes a message in the span `Conversations.message`, which is linked to the span in which the
 * message was sent. Its attributes are those of a send, and `messaging.message.id`.
 *
 * ```ts
 * import * as ConversationTrace from "@effect-signalwire/conversation/ConversationTrace"
 * import { Conversations } from "@effect-signalwire/conversation/Conversations"
 * import * as Effect from "effect/Effect"
 * import * as Stream from "effect/Stream"
 *
 * export const bot = Effect.gen(function*() {
 *   const { subscribe } = yield* Conversations
 *   yield* Stream.runForEach(subscribe, (event) => ConversationTrace.withMessage(Effect.log(event.text), event))
 * })
 * ```
 */
export const withMessage: {
  (
    message: ConversationMessage
  ): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>>
  <A, E, R>(
    self: Effect.Effect<A, E, R>,
    message: ConversationMessage
  ): Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>>
} = /* @__PURE__ */ dual(2, <A, E, R>(
  self: Effect.Effect<A, E, R>,
  message: ConversationMessage
): Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>> =>
  Effect.withSpan(self, "Conversations.message", {
    kind: "consumer",
    links: Option.toArray(senderSpan(message)).map((span) => ({ span, attributes: {} })),
    attributes: {
      [SemanticConventions.names.system]: SemanticConventions.system,
      ...SemanticConventions.operationAttributes("message"),
      ...SemanticConventions.toSemantic({
        addressId: message.addressId,
        conversationId: message.conversationId,
        messageId: message.id,
        clientId: message.clientId
      })
    }
  }))
