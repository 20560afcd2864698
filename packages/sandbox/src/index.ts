export * as Sandbox from "./Sandbox.ts"
export * as SqliteStorage from "./SqliteStorage.ts"
