/** Formats a number with a noun. */
export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`

/** The maximum length of a name in a sentence, in characters. */
const nameLength = 30

/** Shortens a long name for a sentence. */
export const shortName = (name: string): string => {
  const characters = Array.from(name)
  return characters.length > nameLength ? `${characters.slice(0, nameLength).join("")}…` : name
}
