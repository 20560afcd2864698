import { assert, describe, it } from "vitest"
import { checkMarkdown, checkTypeScript } from "../prose.ts"

const foundIn = (file: string, source: string) => checkTypeScript(file, source).map(({ found, line }) => [line, found])
const foundInText = (text: string) => checkMarkdown(text).map(({ found }) => found)

describe("checkMarkdown", () => {
  it.each([
    ["A lookup answers whether it is stored.", "answers whether"],
    ["Reads a page. Answers the items.", ". Answers"],
    ["The subscriber is told of it.", "is told"],
    ["A client that nobody hears.", "nobody"],
    ["It is as good as absent.", "as good as"],
    ["Waited in vain for it.", "in vain"],
    ["Whoever subscribes later.", "Whoever"],
    ["A policy that is none.", "that is none"],
    ["Everything that was said meanwhile.", "Everything that was said"],
    ["It goes on where it stopped.", "goes on where"],
    ["`*` stands for any path.", "stands for"],
    ["Takes a text and a list of texts.", "a text"],
    ["An old message is taken for a new one.", "taken for a new"],
    ["It holds whether the server supports it or not.", "holds whether"],
    ["The first read walks down all pages.", "walks down"],
    ["More than should be held at once.", "held at once"]
  ])("reports a phrase to avoid: %s", (text, found) => {
    assert.include(foundInText(text), found)
  })

  it.each([
    "The server's answer is lost, and all answers are malformed.",
    "It answers every ping with a pong.",
    "A field that can be told apart from another.",
    "Limits hold against a server that ignores them.",
    "Besides, it stands still, and stands in for the service.",
    "It says which conversation was left.",
    "What goes on inside, on and on.",
    "The context of a text frame."
  ])("accepts natural English: %s", (text) => {
    assert.deepStrictEqual(foundInText(text), [])
  })

  it("finds a phrase at the end of a line, and reports where it begins", () => {
    assert.deepStrictEqual(checkMarkdown("# Title\n\nIt is as\ngood as new.").map(({ line }) => line), [3])
  })

  it("passes over code, links and comments", () => {
    assert.deepStrictEqual(foundInText("`nobody` [x](nobody.md) <!-- nobody -->\n\n```sh\necho nobody\n```\n"), [])
  })

  it("checks the comments of TypeScript examples", () => {
    assert.deepStrictEqual(
      checkMarkdown("Text\n\n```ts\n// nobody listens\nconst a = 1\n```\n").map(({ line }) => line),
      [4]
    )
  })

  it("reports overlapping phrases once", () => {
    assert.deepStrictEqual(foundInText("It reads what was said there."), ["what was said"])
  })
})

describe("checkTypeScript", () => {
  it("reports comments, with the line of the phrase", () => {
    assert.deepStrictEqual(foundIn("src/a.ts", "/**\n * Returns it as\n * good as new.\n */"), [[2, "as good as"]])
  })

  it("reports messages that are sentences, and leaves single words out", () => {
    assert.deepStrictEqual(foundIn("src/a.ts", "throw new Error(\"nobody is there\"); f(\"nobody\")"), [[1, "nobody"]])
  })

  it("reports titles of tests, and leaves the data of tests out", () => {
    const source =
      "describe(\"x of nobody\", () => {\n  it.effect(\"nobody listens\", () => send(\"nobody is there\"))\n})"
    assert.deepStrictEqual(foundIn("test/a.test.ts", source), [[1, "nobody"], [2, "nobody"]])
  })

  it("reports the title of a table of tests", () => {
    assert.deepStrictEqual(foundIn("test/a.test.ts", "it.each([1])(\"is told %d\", () => {})"), [[1, "is told"]])
  })

  it("reports words in names", () => {
    assert.deepStrictEqual(foundIn("src/a.ts", "const onHeardAll = (told: number) => told_at"), [
      [1, "onHeardAll"],
      [1, "told"],
      [1, "told_at"]
    ])
  })

  it("does not report names that only contain such a word", () => {
    assert.deepStrictEqual(foundIn("src/a.ts", "const holdOn = hearth + besides"), [])
  })

  it("reports the text of elements", () => {
    assert.deepStrictEqual(foundIn("src/a.tsx", "const a = <p>\n  nobody is here\n</p>"), [[2, "nobody"]])
  })

  it("passes over names in backticks", () => {
    assert.deepStrictEqual(foundIn("src/a.ts", "// see `nobody`"), [])
  })
})
