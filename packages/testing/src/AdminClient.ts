/**
 * A client of the admin API of a backend in memory or of a sandbox. Re-exports the module `AdminClient` of
 * `@effect-signalwire/backend`.
 *
 * @since 0.1.0
 */
export { type AdminClient, make } from "@effect-signalwire/backend/AdminClient"
