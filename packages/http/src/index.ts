export * as SignalWireHttp from "./SignalWireHttp.ts"
export * as SignalWireHttpError from "./SignalWireHttpError.ts"
