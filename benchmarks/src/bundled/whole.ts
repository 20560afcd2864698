/** The complete Promise client. */
export * from "@effect-signalwire/promise"
