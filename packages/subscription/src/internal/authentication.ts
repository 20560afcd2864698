/** Authenticates a session: with the connect request, and again whenever the token is replaced. */
import type { Credentials } from "@effect-signalwire/runtime/Credentials"
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

export interface Options {
  readonly agent: string
  /** The token to connect with. */
  readonly token: Redacted.Redacted
  readonly resume: ResumeParams | null
  readonly credentials: Credentials["Service"]
}

export class Authentication {
  private readonly options: Options
  /** All tokens of the session. */
  private readonly tokens: Array<string>

  constructor(options: Options) {
    this.options = options
    this.tokens = [Redacted.value(options.token)]
  }

  /** Removes the session's tokens from a string: servers quote the token that they reject. */
  readonly redact = (text: string): string => this.tokens.reduce(Token.redact, text)

  /** The parameters of the connect request. */
  get connectParams(): Connect.Params {
    const { agent, resume, token } = this.options
    return {
      version: Connect.version,
      event_acks: true,
      agent,
      authentication: { jwt_token: Redacted.value(token) },
      ...(resume === null ? undefined : { protocol: resume.protocol }),
      ...(resume === null || resume.authorizationState === null
        ? undefined
        : { authorization_state: resume.authorizationState })
    }
  }

  /** Notes when the token of the connect request expires, if the server reports it. */
  noteExpiry(result: Connect.Result): Effect.Effect<void> {
    return this.expires(this.options.token, result.authorization)
  }

  /**
   * Sends each token that replaces the one of the session, until the scope closes. If the server rejects one, the
   * session ends, and the next one connects with the new token.
   */
  keepCurrent(
    { authorization }: Connect.Result,
    requests: PendingRequests,
    tasks: SessionTasks
  ): Effect.Effect<void, never, Scope.Scope> {
    const { credentials, token } = this.options
    const project = authorization.project_id ?? null
    const send = (next: Redacted.Redacted) => tasks.fork(this.reauthenticate(project, next, requests))
    return Effect.andThen(
      credentials.watch(send),
      Effect.map(credentials.current, (current) => {
        if (current !== token) send(current)
      })
    )
  }

  private reauthenticate(
    project: string | null,
    token: Redacted.Redacted,
    requests: PendingRequests
  ): Effect.Effect<void, Reason> {
    return Effect.suspend(() => {
      const jwt_token = Redacted.value(token)
      this.tokens.push(jwt_token)
      return Effect.flatMap(
        requests.send(JsonRpc.method.reauthenticate, { authentication: { project, jwt_token } }),
        (result) => {
          const decoded = Connect.decodeReauthenticateResult(result)
          return this.expires(token, Result.isSuccess(decoded) ? decoded.success.authorization : undefined)
        }
      )
    })
  }

  private expires(
    token: Redacted.Redacted,
    authorization: Connect.Authorization | null | undefined
  ): Effect.Effect<void> {
    const at = Connect.expiryOf(authorization)
    return at === undefined ? Effect.void : this.options.credentials.expires(token, at)
  }
}
