export * as ConnectionState from "./ConnectionState.ts"
export * as Signal from "./Signal.ts"
export * as Subscription from "./Subscription.ts"
export * as SubscriptionError from "./SubscriptionError.ts"
