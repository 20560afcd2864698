export * as AdminClient from "./AdminClient.ts"
export * as FakeServer from "./FakeServer.ts"
export * as MemoryBackend from "./MemoryBackend.ts"
export * as MemorySocket from "./MemorySocket.ts"
