export * as Attempts from "./Attempts.ts"
export * as Posting from "./Posting.ts"
export * as SignalWireHttp from "./SignalWireHttp.ts"
export * as SignalWireHttpError from "./SignalWireHttpError.ts"
