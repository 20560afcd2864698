/** Who is in the sandbox, and what they have said so far. */
import type { Info } from "@effect-signalwire/sandbox/Sandbox"

/** Somebody whom a tab can be. */
export interface Person {
  readonly name: string
  readonly addressId: string
  readonly token: string
}

/** What a page is told: in place of a server of yours, which would know who signed in. */
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
  "Nobody can say in general."
]

const post = async (url: string, body: unknown): Promise<unknown> => {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body)
  })
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`)
  return response.json()
}

const text = (value: unknown, key: string): string => {
  const found: unknown = typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined
  if (typeof found !== "string") throw new Error(`the sandbox did not answer ${key}`)
  return found
}

/** How long people waited from one line to the next. Seconds. */
const pauses = [40, 65, 20, 95, 3600, 30, 45, 7200, 80]

/** Puts people into a sandbox, and a history that is worth scrolling through into the office. */
export const seed = async ({ admin, http, ws }: Info, lineCount = 180): Promise<Directory> => {
  const people: Array<Person & { readonly id: string }> = []
  for (const displayName of names) {
    const name = displayName.toLowerCase().replace(" ", ".")
    const created = await post(`${admin}/subscribers`, { name, displayName })
    people.push({
      name: displayName,
      id: text(created, "id"),
      addressId: text(created, "addressId"),
      token: text(created, "token")
    })
  }
  const rooms: Array<string> = []
  for (const [name, displayName] of [["office", "The office"], ["library", "Library"]]) {
    rooms.push(text(await post(`${admin}/rooms`, { name, displayName }), "addressId"))
  }
  const [office = "", library = ""] = rooms
  const from = (index: number): string => people[index % people.length]?.id ?? ""

  let ts = Date.now() / 1000 - 60
  const said = Array.from({ length: lineCount }, (_, index) => {
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
  await post(`${admin}/messages`, { messages: said })
  return { urls: { http, ws }, people: people.map(({ addressId, name, token }) => ({ addressId, name, token })) }
}
