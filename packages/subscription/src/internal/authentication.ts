/** Authenticates a session: with the connect request, and again whenever the token is replaced. */
import type { Credentials } from "@effect-signalwire/runtime/Credentials"
import type { Instrumentation } from "@effect-signalwire/runtime/Instrumentation"
import * as Token from "@effect-signalwire/runtime/Token"
import * as Connect from "@effect-signalwire/schema/Connect"
import * as JsonRpc from "@effect-signalwire/schema/JsonRpc"
import type { Reason } from "@effect-signalwire/schema/Reason"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { ResumeParams } from "./connectionMachine.ts"
import type { PendingRequests } from "./pendingRequests.ts"
import type { SessionTasks } from "./sessionTasks.ts"
import { onNewToken } from "./tokenChanges.ts"

export interface Options {
  readonly agent: string
  /** The token to connect with. */
  readonly token: Redacted.Redacted
  readonly resume: ResumeParams | null
  readonly credentials: Credentials["Service"]
  readonly instrumentation: Instrumentation
}

export interface Authentication {
  /** Removes the session's tokens from a string: servers quote the token that they reject. */
  readonly redact: (text: string) => string
  /** Returns the parameters of the connect request. */
  readonly connectParams: () => Connect.Params
  /** Reports when the token of the connect request expires, if the server reports it. */
  readonly reportExpiry: (result: Connect.Result) => Effect.Effect<void>
  /**
   * Sends each token that replaces the one of the session, until the scope closes. If the server rejects one, the
   * session ends, and the next one connects with the new token.
   */
  readonly keepCurrent: (
    result: Connect.Result,
    requests: PendingRequests,
    tasks: SessionTasks
  ) => Effect.Effect<void, never, Scope.Scope>
}

export const make = ({ agent, credentials, instrumentation, resume, token }: Options): Authentication => {
  const initial = Redacted.value(token)
  const tokens = [initial]

  const expires = (of: Redacted.Redacted, authorization: Connect.Authorization | null | undefined) => {
    const at = Connect.expiryOf(authorization)
    return at === undefined ? Effect.void : credentials.setExpiry(of, at)
  }

  const reauthenticate = (
    project: string | null,
    next: Redacted.Redacted,
    requests: PendingRequests
  ): Effect.Effect<void, Reason> =>
    Effect.suspend(() => {
      const jwt_token = Redacted.value(next)
      tokens.push(jwt_token)
      return Effect.flatMap(
        requests.send(JsonRpc.method.reauthenticate, { authentication: { project, jwt_token } }),
        (result) => expires(next, Result.getOrUndefined(Connect.decodeReauthenticateResult(result))?.authorization)
      )
    })

  return {
    redact: (text) => tokens.reduce(Token.redact, text),
    connectParams: () => ({
      version: Connect.version,
      event_acks: true,
      agent,
      authentication: { jwt_token: initial },
      ...(resume === null ? undefined : { protocol: resume.protocol }),
      ...(resume === null || resume.authorizationState === null
        ? undefined
        : { authorization_state: resume.authorizationState })
    }),
    reportExpiry: (result) => expires(token, result.authorization),
    keepCurrent: ({ authorization }, requests, tasks) => {
      const project = authorization.project_id ?? null
      const send = (next: Redacted.Redacted) => tasks.fork(reauthenticate(project, next, requests))
      return onNewToken(credentials, token, instrumentation, send)
    }
  }
}
