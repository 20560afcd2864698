export * as Sandbox from "./Sandbox.ts"
export * as SandboxProcess from "./SandboxProcess.ts"
export * as SqliteClient from "./SqliteClient.ts"
export * as SqliteStorage from "./SqliteStorage.ts"
