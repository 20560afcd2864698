/** Everything that plain TypeScript is offered. */
export * from "@effect-signalwire/promise"
