/** The words and phrases that this project does not use, each with what to write instead. Data of `check-prose.ts`. */

export interface ProseRule {
  /** Matched without regard to case; a space matches any whitespace, so also the end of a line. */
  readonly pattern: string
  /** What to write instead. */
  readonly instead: string
}

/** Phrases in documents, comments, messages and the titles of tests. Text in backticks is not checked. */
export const phrases: ReadonlyArray<ProseRule> = [
  // verbs of speech for what software does
  { pattern: "(?:^|[.;:] )answers (?!(?:are|were|is|to|of|from|in|that|which|may|can|must)\\b)", instead: "returns" },
  {
    pattern: "\\banswers (?:an? |its |their |no |nothing|whether |when |how |what |which |true|false|undefined|null)",
    instead: "returns, or responds with"
  },
  { pattern: "\\b(?:what|which) (?:it|they|this|that) answers?\\b", instead: "what it returns" },
  {
    pattern: "\\b(?:is|are|was|were|be|been|being|isn't|wasn't|aren't|not|never) told\\b(?! apart)",
    instead: "receives, or is notified"
  },
  { pattern: "\\btold (?:of|about|whether|everything|nothing|every|each)\\b", instead: "received, or notified" },
  {
    pattern: "\\btells? (?:of|it|them|those|nothing|everybody|callers|subscribers|clients|consumers|listeners)\\b",
    instead: "reports, emits or notifies"
  },
  { pattern: "\\b(?:hears?|heard)\\b", instead: "receives, received" },
  { pattern: "\\b(?:say|says|said) so\\b", instead: "reports it" },
  { pattern: "\\b(?:is|are|was|were|be) said to\\b", instead: "is reported as" },
  {
    pattern:
      "\\b(?:what|whatever|everything|nothing|messages?|things|more) (?:that )?(?:is|was|are|were) (?:being )?said\\b",
    instead: "sent"
  },
  { pattern: "\\b(?:was|were|is being|are being|been|has) said\\b", instead: "was sent" },
  { pattern: "\\bsaid meanwhile\\b", instead: "sent in the meantime" },
  { pattern: "\\bwithout a (?:word|thought)\\b", instead: "silently" },
  // people for programs
  { pattern: "\\b(?:whoever|whomever)\\b", instead: "the caller, subscriber or client that" },
  { pattern: "\\bsomebody(?:'s)?\\b", instead: "a caller, subscriber, user or client" },
  { pattern: "\\bnobody(?:'s)?\\b", instead: "no caller, no subscriber, no client" },
  { pattern: "\\bthose who\\b", instead: "callers, subscribers or clients that" },
  // idioms that have to be read twice
  { pattern: "\\bas good as\\b", instead: "treated as, or nearly" },
  { pattern: "\\bin vain\\b", instead: "without success; timed out waiting for" },
  { pattern: "\\bstands? for\\b", instead: "means" },
  {
    pattern: "\\b(?:stands?|stood) (?:in(?! for)|above|below|beside|before|after|at)\\b",
    instead: "is in, comes before"
  },
  { pattern: "\\bbeside\\b", instead: "next to, together with" },
  { pattern: "\\b(?:that|which) (?:is|are) none\\b", instead: "an invalid one" },
  {
    pattern: "\\bis no (?:text|string|number|url|id|token|date|object|array|policy|promise)\\b",
    instead: "is not a …"
  },
  { pattern: "\\b(?:let|lets|letting) go\\b", instead: "release" },
  { pattern: "\\b(?:go|goes|went|gone|going) on (?:with|where|from|without|as|to)\\b", instead: "continue" },
  { pattern: "\\b(?:anew|whither|whence|thither|hither)\\b", instead: "again, where, from where" },
  { pattern: "\\bfor ever\\b", instead: "forever" },
  {
    pattern:
      "\\b(?:held against|holds? (?:it|them|what|everything|(?:the|its|each|every|all) \\w+) (?:\\w+ ){0,3}against)\\b",
    instead: "compare with, check against"
  },
  { pattern: "\\btakes? (?:no )?(?:notice|note) of\\b", instead: "records, ignores" },
  {
    pattern: "\\b(?:take|takes|taken|took) (?:\\w+ ){0,3}for (?:an? )?(?:missed|lost|late|dead|gone)\\b",
    instead: "treats as"
  },
  { pattern: "\\btaken for (?:an? |its |the )\\w+", instead: "treated as, or mistaken for" },
  { pattern: "\\bsaid of (?:an? |the )", instead: "a … that" },
  { pattern: "\\bholds? whether\\b", instead: "applies whether" },
  { pattern: "\\bon (?:its|their) own account\\b", instead: "in the background" },
  { pattern: "\\bunder both of its names\\b", instead: "with both keys" },
  { pattern: "\\b(?:turned|turns|turn) away\\b", instead: "rejects" },
  { pattern: "\\b(?:walks?|walked|walking) (?:down |over |through |all )", instead: "reads, goes through, traverses" },
  { pattern: "\\b(?:held|holds?) at once\\b", instead: "in memory at once, buffered" },
  { pattern: "\\b(?:goes|go) without\\b", instead: "does not contain" },
  { pattern: "\\bto and fro\\b", instead: "alternately" },
  { pattern: "\\bforth and back\\b", instead: "back and forth" },
  { pattern: "\\bin the hands of\\b", instead: "controlled by" },
  { pattern: "\\b(?:deaf|dumb)\\b", instead: "unresponsive" },
  { pattern: "\\bthe (?:wall's|processor's) (?:clock|time)\\b", instead: "wall-clock time, CPU time" },
  // nouns
  { pattern: "(?<!\\bmessage )\\btexts\\b(?! of)", instead: "strings, or messages" },
  {
    pattern: "\\b(?:a|an empty) text\\b(?! (?:frame|file|message|field|node|search|area|input|editor|box|format))",
    instead: "a string"
  },
  { pattern: "\\bhappenings?\\b", instead: "event" },
  { pattern: "\\blapses?\\b", instead: "discontinuity" },
  { pattern: "\\bmailbox(?:es)?\\b", instead: "queue" },
  { pattern: "\\bbookmarks?\\b", instead: "checkpoint" },
  { pattern: "\\bimport circles?\\b", instead: "import cycle" },
  { pattern: "\\bverdicts?\\b", instead: "result" },
  { pattern: "\\bcontestants?\\b", instead: "implementation" },
  { pattern: "\\bsabotaged?\\b", instead: "mutation, mutant" },
  { pattern: "\\blineages?\\b", instead: "expected sequence" }
]

export interface NameRule {
  /** The word; a name is split into its words, so `onHeard` has the word `heard`. */
  readonly word: string
  /** The word to use instead. */
  readonly instead: string
}

/** Words in names of types, functions and variables. */
export const names: ReadonlyArray<NameRule> = [
  { word: "told", instead: "reported, received, notification" },
  { word: "heard", instead: "received" },
  { word: "hear", instead: "receive" },
  { word: "hears", instead: "receives" },
  { word: "hearing", instead: "receiving" },
  { word: "vain", instead: "failed…" },
  { word: "stirred", instead: "awaitWake" },
  { word: "somebody", instead: "caller, subscriber" },
  { word: "nobody", instead: "noSubscribers" },
  { word: "whoever", instead: "caller, subscriber" },
  { word: "beside", instead: "the role of the value" },
  { word: "lapse", instead: "discontinuity" },
  { word: "happening", instead: "event" },
  { word: "bookmark", instead: "checkpoint" },
  { word: "stretch", instead: "historySlice" },
  { word: "barren", instead: "emptyPages" },
  { word: "mailbox", instead: "queue" },
  { word: "lineage", instead: "expectedSequence" },
  { word: "honesty", instead: "connectionStateOracle" },
  { word: "sabotage", instead: "mutation" },
  { word: "sabotaged", instead: "mutated" },
  { word: "contestant", instead: "implementation" },
  { word: "contestants", instead: "implementations" },
  { word: "answer", instead: "response" },
  { word: "answers", instead: "responses" },
  { word: "say", instead: "send, addMessage, print" },
  { word: "verdict", instead: "result, status" },
  { word: "frontier", instead: "newest" },
  { word: "furthest", instead: "newest, last" },
  { word: "distrust", instead: "markUnverifiable" },
  { word: "slack", instead: "tolerance" },
  { word: "walk", instead: "read, traverse" },
  { word: "walking", instead: "reading, traversal" },
  { word: "scramble", instead: "mix" },
  { word: "nasty", instead: "edgeCases" },
  { word: "speaker", instead: "sender" },
  { word: "patience", instead: "timeout" },
  { word: "telling", instead: "instrumentation" },
  { word: "complaint", instead: "fieldError, problem" },
  { word: "complaints", instead: "problems" }
]
