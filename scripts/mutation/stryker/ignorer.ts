/**
 * What is not mutated, because a test that fails for it would only repeat the source:
 *
 * - Sentences: string literals and templates with a space between words. They are messages for people, in errors and logs.
 *   Tests check what messages must contain, such as the name of an invalid option, not how they are worded.
 * - Keys that need only be unique, such as those of services.
 * - What is logged, and the names and attributes of spans.
 */
import type { Ignorer } from "@stryker-mutator/api/ignore"

/** The part of Babel's nodes that is read here. */
interface Node {
  readonly type: string
  readonly [property: string]: unknown
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && "type" in value && typeof value.type === "string"

const nodesOf = (value: unknown): ReadonlyArray<Node> => Array.isArray(value) ? value.filter(isNode) : []

/** The text of a string literal, or of the parts of a template that are not expressions. */
const textOf = (node: Node): string | undefined => {
  if (node.type === "StringLiteral" && typeof node["value"] === "string") return node["value"]
  if (node.type !== "TemplateLiteral") return undefined
  return nodesOf(node["quasis"]).map(({ value }) =>
    typeof value === "object" && value !== null && "raw" in value ? String(value.raw) : ""
  ).join("x")
}

const isSentence = (text: string): boolean => /\S[ \n]+\S/.test(text.trim())

const isKey = (text: string): boolean => /^~?@effect-signalwire\//.test(text)

const tracing = new Set([
  "annotateCurrentSpan",
  "annotateLogs",
  "annotateSpans",
  "attribute",
  "fn",
  "log",
  "logDebug",
  "logError",
  "logFatal",
  "logInfo",
  "logTrace",
  "logWarning",
  "makeSpan",
  "makeSpanScoped",
  "useSpan",
  "withSpan"
])

const isTracing = (node: unknown): boolean => {
  if (!isNode(node) || node.type !== "CallExpression") return false
  const { callee } = node
  if (!isNode(callee) || callee.type !== "MemberExpression" || !isNode(callee["property"])) return false
  return tracing.has(String(callee["property"]["name"]))
}

/** Why a node is not mutated, and nothing in it. */
export const reasonToIgnore = (node: unknown, parent: unknown): string | undefined => {
  if (!isNode(node)) return undefined
  const text = textOf(node)
  if (text !== undefined && isSentence(text)) return "a sentence for people"
  if (text !== undefined && isKey(text)) return "a key that need only be unique"
  const isArgument = isNode(parent) && nodesOf(parent["arguments"]).includes(node)
  if (isArgument && isTracing(parent) && ["ObjectExpression", "StringLiteral", "TemplateLiteral"].includes(node.type)) {
    return "a name or an attribute of a span or a log"
  }
  return undefined
}

export const ignorer: Ignorer = {
  shouldIgnore: (path: { readonly node?: unknown; readonly parent?: unknown }) => reasonToIgnore(path.node, path.parent)
}
