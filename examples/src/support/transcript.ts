/** Prints the output of an example. */
const color = (code: number) => (text: string): string =>
  process.stdout.isTTY && process.env["NO_COLOR"] === undefined ? `\u001b[${code}m${text}\u001b[0m` : text

export const bold = color(1)
export const dim = color(2)
export const red = color(31)
export const green = color(32)
export const cyan = color(36)

export const print = (text = ""): void => console.log(text)

export const heading = (text: string): void => print(`\n${bold(text)}`)

/** Prints a line of two columns. */
export const row = (name: string, value: string): void => print(`  ${name.padEnd(15)}${value}`)

/** Formats an object on one line; an empty one as an empty string. */
export const inline = (name: string, value: object): string =>
  Object.keys(value).length === 0 ? "" : dim(`  ${name} ${JSON.stringify(value)}`)
