/**
 * Checks documents against the repository: the paths that they name exist, their links lead somewhere, and what they copy
 * from a module still agrees with it. See `check-docs.ts`.
 */
import { dirname, join } from "node:path/posix"

/** Reads a file of the repository by its path from the root. */
export type ReadFile = (path: string) => string

export interface DocumentProblem {
  readonly line: number
  readonly message: string
}

/** Paths of what is installed or generated. */
const isGenerated = (path: string): boolean => /^docs\/api|^packages\/sandbox\/static|(?:^|\/)node_modules\//.test(path)

/** Replaces fenced code blocks by empty lines, so that the line numbers of everything else stay. */
const withoutCodeBlocks = (markdown: string): string =>
  markdown.replaceAll(/^```[^]*?^```$/gm, (block) => block.replaceAll(/[^\n]/g, ""))

const lineAt = (text: string, offset: number): number => text.slice(0, offset).split("\n").length

/** Whether inline code is a path: it has the extension of a source or document, or begins in a folder of the root. */
const isPath = (code: string): boolean =>
  /^[\w.-]+(?:\/[\w.-]+)*\/?$/.test(code) && !/^[A-Z]+\.ts$/.test(code) &&
  (/[\w-]\.(?:tsx?|md|ya?ml|html)$/.test(code) ||
    /^(?:packages|docs|examples|scripts|verify|benchmarks|\.changeset)\//.test(code))

/** The anchor that a heading has on GitHub. */
const anchorOf = (heading: string): string =>
  heading.replaceAll(/[`*]|\[|\]\([^)]*\)/g, "").toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").trim()
    .replaceAll(" ", "-")

const anchorsOf = (markdown: string): ReadonlySet<string> =>
  new Set(Array.from(withoutCodeBlocks(markdown).matchAll(/^#+ (.*)$/gm), ([, heading = ""]) => anchorOf(heading)))

export class DocumentChecker {
  private readonly read: ReadFile
  /** All files and folders, each by its path from the root. */
  private readonly paths: ReadonlySet<string>
  /** All files and folders, each by every end of its path: `packages/http/src/a.ts` is also `src/a.ts` and `a.ts`. */
  private readonly pathEnds: ReadonlySet<string>

  constructor(files: ReadonlyArray<string>, read: ReadFile) {
    this.read = read
    const paths = new Set(files)
    for (const file of files) {
      for (let folder = dirname(file); folder !== "."; folder = dirname(folder)) paths.add(folder)
    }
    this.paths = paths
    this.pathEnds = new Set(
      Array.from(paths).flatMap((path) => {
        const parts = path.split("/")
        return parts.map((_, index) => parts.slice(index).join("/"))
      })
    )
  }

  /** Returns what is wrong with a document. */
  check(document: string): ReadonlyArray<DocumentProblem> {
    const markdown = this.read(document)
    return [...this.checkPaths(markdown), ...this.checkLinks(document, markdown), ...this.checkCopies(markdown)]
  }

  private checkPaths(markdown: string): ReadonlyArray<DocumentProblem> {
    const text = withoutCodeBlocks(markdown)
    return Array.from(text.matchAll(/`([^`\n]+)`/g)).flatMap(({ 1: code = "", index }) => {
      const path = code.replace(/\/$/, "")
      return !isPath(code) || this.pathEnds.has(path) || isGenerated(path)
        ? []
        : [{ line: lineAt(text, index), message: `there is no ${code}` }]
    })
  }

  private checkLinks(document: string, markdown: string): ReadonlyArray<DocumentProblem> {
    const text = withoutCodeBlocks(markdown)
    return Array.from(text.matchAll(/\]\(([^)\s]+)\)/g)).flatMap(({ 1: link = "", index }) => {
      if (/^\w+:/.test(link)) return []
      const [target = "", anchor] = link.split("#")
      const path = target === "" ? document : join(dirname(document), target).replace(/\/$/, "")
      // a folder is shown with its README
      const page = this.paths.has(`${path}/README.md`) ? `${path}/README.md` : path
      const exists = this.paths.has(path) && (anchor === undefined || anchorsOf(this.read(page)).has(anchor))
      return exists ? [] : [{ line: lineAt(text, index), message: `the link ${link} is broken` }]
    })
  }

  /** What follows a comment `copied from PATH` must be in the comments of that module, except for white space. */
  private checkCopies(markdown: string): ReadonlyArray<DocumentProblem> {
    const copies = /^<!-- copied from (\S+) -->\n+((?:\|.*\n)+|```text\n[^]*?^```)/gm
    return Array.from(markdown.matchAll(copies)).flatMap(({ 1: module = "", 2: copy = "", index }) =>
      this.paths.has(module) && normalize(withoutStars(this.read(module))).includes(normalize(copy))
        ? []
        : [{ line: lineAt(markdown, index), message: `${module} does not have what is copied from it` }]
    )
  }
}

const withoutStars = (source: string): string => source.replaceAll(/^\s*\* ?/gm, "")

/** Makes copies comparable: links in comments are code in documents, and columns may have another width. */
const normalize = (text: string): string =>
  text.replaceAll(/\{@link (\w+)\}/g, "`$1`").replaceAll(/\s+/g, " ").replaceAll(/-{2,}/g, "--").trim()
