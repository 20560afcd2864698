/** Who is there: what a server of yours would tell a page whose reader has signed in. */
import type { Directory, Person } from "../server/people.ts"

export type { Directory, Person }

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null

const isPerson = (value: unknown): value is Person =>
  isRecord(value) && ["name", "addressId", "token"].every((key) => typeof value[key] === "string")

const isDirectory = (value: unknown): value is Directory =>
  isRecord(value) && isRecord(value["urls"]) && typeof value["urls"]["http"] === "string" &&
  typeof value["urls"]["ws"] === "string" && Array.isArray(value["people"]) && value["people"].every(isPerson)

/** Reads who is there. */
export const load = async (): Promise<Directory> => {
  const answer: unknown = await (await fetch("/people.json")).json()
  if (!isDirectory(answer)) throw new Error("people.json is not a directory")
  return answer
}
