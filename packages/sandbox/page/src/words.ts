/** A number of things, in words. */
export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`

/** How many characters of a name a sentence has room for. */
const nameLength = 30

/** A name as it is in sentences: the beginning of a long one. */
export const shortName = (name: string): string => {
  const characters = Array.from(name)
  return characters.length > nameLength ? `${characters.slice(0, nameLength).join("")}…` : name
}
