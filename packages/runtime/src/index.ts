export * as Credentials from "./Credentials.ts"
export * as Endpoint from "./Endpoint.ts"
export * as Instrumentation from "./Instrumentation.ts"
