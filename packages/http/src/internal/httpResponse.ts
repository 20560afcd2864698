/** A response as a transport returns it. */
import * as Option from "effect/Option"

/** A response with its whole body. */
export interface HttpResponse {
  readonly status: number
  /** Returns the value of a header, or `null` if the response does not have it. */
  readonly header: (name: string) => string | null
  /** Whether the transport followed a redirect, so that the response is from another URL than the request's. */
  readonly isRedirected: boolean
  /** The body; `None` if it is larger than {@link maxBodyBytes}. */
  readonly body: Option.Option<string>
}

/** The largest body that is read. A thousand messages are about 0.4 MB. */
export const maxBodyBytes = 32 * 1024 * 1024

/** The body of a response that was read as a whole; `None` if it has more characters than bytes are allowed. */
export const limitBody = (text: string): HttpResponse["body"] =>
  text.length > maxBodyBytes ? Option.none() : Option.some(text)
