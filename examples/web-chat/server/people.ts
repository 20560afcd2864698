/** Seeds a sandbox with users and messages. */
import type { Info } from "@effect-signalwire/sandbox/Sandbox"

/** A user that a tab can sign in as. */
export interface Person {
  readonly name: string
  readonly addressId: string
  readonly token: string
}

/** The data that the page loads. Your own server would return the token of the signed-in user only. */
export interface Directory {
  readonly urls: { readonly http: string; readonly ws: string }
  readonly people: ReadonlyArray<Person>
}

const names = ["Ada Lovelace", "Grace Hopper", "Alan Turing"]

const lines = [
  "Morning! Who has the notes from yesterday?",
  "I do. They are in the usual place, under the plant.",
  "Found them. Page three is a drawing of a moth.",
  "That moth was real, and it was in the relay.",
  "Did we decide on the order of the operations?",
  "Loops first, then the table. I wrote it down as a diagram.",
  "Can a machine read that diagram?",
  "Not yet. Give me until Friday.",
  "I would rather ask whether it could hold a conversation.",
  "It holds this one rather well.",
  "The demo is at three. Please don't rename anything before then.",
  "Understood. I'll rename everything at four.",
  "One nanosecond is this long. I brought a wire for everybody.",
  "Lovely. Mine is tangled already.",
  "Lunch?",
  "Give me ten minutes, the loop is still going.",
  "Is it supposed to stop?",
  "It depends on the network."
]

const post = async (url: string, body: unknown): Promise<unknown> => {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body)
  })
  if (!response.ok) throw new Error(`${url} returned ${response.status}: ${await response.text()}`)
  return response.json()
}

const stringField = (value: unknown, key: string): string => {
  const found: unknown = typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined
  if (typeof found !== "string") throw new Error(`the sandbox returned no ${key}`)
  return found
}

/** The pauses between messages. Seconds. */
const pauses = [40, 65, 20, 95, 3600, 30, 45, 7200, 80]

/** Creates users and rooms in a sandbox, with a long history in the office. */
export const seed = async ({ admin, http, ws }: Info, lineCount = 180): Promise<Directory> => {
  const people: Array<Person & { readonly id: string }> = []
  for (const displayName of names) {
    const name = displayName.toLowerCase().replace(" ", ".")
    const created = await post(`${admin}/subscribers`, { name, displayName })
    people.push({
      name: displayName,
      id: stringField(created, "id"),
      addressId: stringField(created, "addressId"),
      token: stringField(created, "token")
    })
  }
  const rooms: Array<string> = []
  for (const [name, displayName] of [["office", "The office"], ["library", "Library"]]) {
    rooms.push(stringField(await post(`${admin}/rooms`, { name, displayName }), "addressId"))
  }
  const [office = "", library = ""] = rooms
  const from = (index: number): string => people[index % people.length]?.id ?? ""

  let ts = Date.now() / 1000 - 60
  const history = Array.from({ length: lineCount }, (_, index) => {
    const line = lineCount - 1 - index
    ts -= pauses[line % pauses.length] ?? 60
    return { from: from(line + Math.floor(line / 5)), addressId: office, text: lines[line % lines.length], ts }
  }).toReversed()
  await post(`${admin}/messages`, {
    messages: people.map(({ id }) => ({
      from: id,
      addressId: library,
      text: "Shh.",
      ts: ts - 60
    }))
  })
  await post(`${admin}/messages`, { messages: history })
  return { urls: { http, ws }, people: people.map(({ addressId, name, token }) => ({ addressId, name, token })) }
}
