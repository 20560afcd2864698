import * as Schema from "effect/Schema"

/** The sandbox could not start: an option is invalid, the port or the file is in use, or the file cannot be read. */
export class SandboxError extends Schema.TaggedError<SandboxError>("@effect-signalwire/sandbox/SandboxError")(
  "SandboxError",
  { message: Schema.String, cause: Schema.Defect() }
) {}
