/** The users and their tokens. Your own server would return the token of the signed-in user only. */
import type { Directory, Person } from "../server/people.ts"

export type { Directory, Person }

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null

const isPerson = (value: unknown): value is Person =>
  isRecord(value) && ["name", "addressId", "token"].every((key) => typeof value[key] === "string")

const isDirectory = (value: unknown): value is Directory =>
  isRecord(value) && isRecord(value["urls"]) && typeof value["urls"]["http"] === "string" &&
  typeof value["urls"]["ws"] === "string" && Array.isArray(value["people"]) && value["people"].every(isPerson)

/** Loads the users. */
export const load = async (): Promise<Directory> => {
  const directory: unknown = await (await fetch("/people.json")).json()
  if (!isDirectory(directory)) throw new Error("people.json has an unexpected format")
  return directory
}
