/**
 * Drives a backend from outside, in memory or as a sandbox: the module of the same name in the package `backend`.
 *
 * @since 0.1.0
 */
export { type AdminClient, make } from "@effect-signalwire/backend/AdminClient"
