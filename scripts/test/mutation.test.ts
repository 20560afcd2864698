/** The parts of `pnpm mutate` that need no run of mutants. */
import type { MutantResult } from "@stryker-mutator/api/core"
import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { assert, describe, it } from "vitest"
import { changedScopes, defaultBase, parseDiff } from "../mutation/changedLines.ts"
import { read } from "../mutation/commandLine.ts"
import { setApart } from "../mutation/equivalents.ts"
import { withoutNotTested } from "../mutation/incremental.ts"
import { isSurvivor, type Mutation, percentKilled, toMutation } from "../mutation/results.ts"
import { isInScope, isMutable, parseLines, patternsOf } from "../mutation/scope.ts"
import { spread } from "../mutation/spread.ts"
import { attributeToTests } from "../mutation/stryker/coverage.ts"
import { reasonToIgnore } from "../mutation/stryker/ignorer.ts"
import { ownTestsOf } from "../mutation/suites.ts"
import { summaryLine, survivorLines } from "../mutation/table.ts"
import { UsageError } from "../mutation/UsageError.ts"

const mutation = (fields: Partial<Mutation>): Mutation => ({
  key: "key",
  file: "packages/http/src/Page.ts",
  lines: { start: 7, end: 7 },
  lineText: "  return a < b",
  mutator: "EqualityOperator",
  original: "a < b",
  replacement: "a <= b",
  outcome: "survived",
  ...fields
})

const temporaryRepository = () => {
  const root = mkdtempSync(join(tmpdir(), "changed-lines-"))
  const git = (...args: ReadonlyArray<string>) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@example.com", ...args], { cwd: root })
  git("init", "--quiet")
  return {
    root,
    git,
    write: (path: string, text: string) => {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text)
    },
    commit: () => {
      git("add", "--all")
      git("commit", "--quiet", "--allow-empty", "--message", "a commit")
    },
    [Symbol.dispose]: () => rmSync(root, { recursive: true })
  }
}

describe("the changed lines", () => {
  it("are those that a diff adds, of each file", () => {
    const diff = [
      "diff --git a/a.ts b/a.ts",
      "--- a/a.ts",
      "+++ b/a.ts",
      "@@ -1,2 +3,4 @@ function a() {",
      "+one",
      "@@ -9 +20 @@",
      "+two",
      "@@ -30,2 +31,0 @@",
      "diff --git a/b.ts b/b.ts",
      "--- /dev/null",
      "+++ b/b.ts",
      "@@ -0,0 +1,2 @@"
    ].join("\n")
    assert.deepStrictEqual([...parseDiff(diff)], [
      ["a.ts", [{ start: 3, end: 6 }, { start: 20, end: 20 }]],
      ["b.ts", [{ start: 1, end: 2 }]]
    ])
  })

  it("are by default those since main, on main those of the last commit, and none without history", () => {
    using repository = temporaryRepository()
    const { commit, git, root } = repository
    commit()
    assert.isUndefined(defaultBase(root))
    commit()
    assert.strictEqual(defaultBase(root), "HEAD~1")
    git("update-ref", "refs/remotes/origin/main", "HEAD")
    assert.strictEqual(defaultBase(root), "HEAD~1")
    commit()
    assert.strictEqual(defaultBase(root), "origin/main")
  })
})

describe("the changed sources", () => {
  it("are new files, and the lines that were added or replaced, but not lines that were only deleted", () => {
    using repository = temporaryRepository()
    const { commit, root, write } = repository
    write("packages/http/src/Deleted.ts", "one\ntwo\n")
    write("packages/http/src/Replaced.ts", "one\ntwo\n")
    commit()
    write("packages/http/src/Deleted.ts", "one\n")
    write("packages/http/src/Replaced.ts", "one\n2\n")
    write("packages/react/src/New.tsx", "one\n")
    assert.deepStrictEqual([...changedScopes(root, "HEAD")], [
      ["http", new Map([["packages/http/src/Replaced.ts", [{ start: 2, end: 2 }]]])],
      ["react", new Map([["packages/react/src/New.tsx", []]])]
    ])
  })
})

describe("a scope", () => {
  const scope = new Map([["a.ts", [{ start: 3, end: 6 }]], ["b.ts", []]])

  it("has the mutants within one of its ranges, and all of a file without ranges", () => {
    assert.isTrue(isInScope(scope, "a.ts", { start: 3, end: 6 }))
    assert.isFalse(isInScope(scope, "a.ts", { start: 2, end: 3 }))
    assert.isFalse(isInScope(scope, "a.ts", { start: 6, end: 7 }))
    assert.isTrue(isInScope(scope, "b.ts", { start: 100, end: 200 }))
    assert.isFalse(isInScope(scope, "c.ts", { start: 3, end: 6 }))
  })

  it("is passed to Stryker as patterns", () => {
    assert.deepStrictEqual(patternsOf(scope), ["a.ts:3-6", "b.ts"])
  })

  it("does not include generated indexes", () => {
    assert.isTrue(isMutable("packages/http/src/Page.ts"))
    assert.isFalse(isMutable("packages/http/src/index.ts"))
  })

  it("takes lines as one number or as a range that does not run backwards", () => {
    assert.deepStrictEqual(parseLines("4"), { start: 4, end: 4 })
    assert.deepStrictEqual(parseLines("4-9"), { start: 4, end: 9 })
    for (const text of ["9-4", "0", "a", ""]) assert.throws(() => parseLines(text), "not a range of lines")
  })
})

describe("the tests of a file", () => {
  it("are those that are named after it, in any folder of the tests", () => {
    const root = join(import.meta.dirname, "../..")
    assert.deepStrictEqual(ownTestsOf(root, "conversation", "packages/conversation/src/internal/merge.ts"), [
      "conversation/test/merge.test.ts"
    ])
    assert.deepStrictEqual(ownTestsOf(root, "react", "packages/react/src/SignalWireProvider.ts"), [])
  })

  it("do not include those that no mutant can fail", () => {
    const root = join(import.meta.dirname, "../..")
    assert.deepStrictEqual(ownTestsOf(root, "conversation", "packages/conversation/src/internal/effectCopies.ts"), [])
  })
})

describe("the order of mutants", () => {
  const items = ["a1", "a2", "a3", "b1", "b2", "c1"]
  const inOrder = spread(items, (item) => ({ file: item.slice(0, 1), key: item }))

  it("takes one of each file in turn, and leaves none out", () => {
    assert.sameMembers(inOrder.slice(0, 3).map((item) => item.slice(0, 1)), ["a", "b", "c"])
    assert.sameMembers(inOrder.slice(3, 5).map((item) => item.slice(0, 1)), ["a", "b"])
    assert.sameMembers([...inOrder], items)
  })

  it("is the same for every order in which they are found", () => {
    assert.deepStrictEqual(spread(items.toReversed(), (item) => ({ file: item.slice(0, 1), key: item })), inOrder)
  })
})

describe("the result of a mutant", () => {
  const result = (status: MutantResult["status"]): MutantResult => ({
    id: "1",
    fileName: "/root/a.ts",
    location: { start: { line: 1, column: 7 }, end: { line: 2, column: 4 } },
    mutatorName: "BlockStatement",
    replacement: "{}",
    status
  })
  const outcomeOf = (status: MutantResult["status"]) => toMutation("/root", result(status), ["const {", "  } // end"])

  it("has the text that was replaced, which may have several lines", () => {
    assert.strictEqual(outcomeOf("Survived").original, "{\n  }")
    assert.strictEqual(outcomeOf("Survived").file, "a.ts")
  })

  it("is a survivor if no test fails, or no test runs the code", () => {
    assert.isTrue(isSurvivor(outcomeOf("Survived")))
    assert.isTrue(isSurvivor(outcomeOf("NoCoverage")))
    for (const status of ["Killed", "Timeout", "Ignored", "RuntimeError", "Pending"] as const) {
      assert.isFalse(isSurvivor(outcomeOf(status)), status)
    }
  })

  it("counts towards the score only if it was tested", () => {
    const mutations = (["Killed", "Timeout", "Survived", "NoCoverage", "Ignored", "RuntimeError"] as const).map(
      outcomeOf
    )
    assert.strictEqual(percentKilled(mutations), 50)
    assert.isUndefined(percentKilled([]))
  })

  it("is printed with its line, and with a note if no test runs the code", () => {
    const lines = survivorLines([mutation({}), mutation({ lines: { start: 3, end: 3 }, outcome: "uncovered" })])
    assert.strictEqual(lines[0], "packages/http/src/Page.ts")
    assert.match(lines[1] ?? "", /^ +3 +EqualityOperator +a < b → a <= b +\(no test runs it\)$/)
    assert.match(lines[2] ?? "", /^ +7 +EqualityOperator +a < b → a <= b$/)
  })

  it("is summed up for each package", () => {
    assert.strictEqual(
      summaryLine({
        name: "http",
        counted: [mutation({}), mutation({ outcome: "killed" }), mutation({ outcome: "not tested" })],
        equivalent: 2,
        seconds: 3.4
      }),
      "http: 50.0 % (1 killed, 1 survived, 2 equivalent, 1 not tested; 3 s)"
    )
  })
})

describe("equivalent mutants", () => {
  const listed = { file: "Page.ts", source: "a  <\n b", replacement: "a <= b", reason: "they are never equal" }
  const apart = (mutations: ReadonlyArray<Mutation>, isComplete = true) =>
    setApart([listed], mutations, () => isComplete)

  it("are not counted, whatever the white space", () => {
    const other = mutation({ replacement: "true" })
    assert.deepStrictEqual(apart([mutation({}), other]), { counted: [other], equivalent: 1, problems: [] })
  })

  it("are reported when a test kills them", () => {
    assert.match(apart([mutation({ outcome: "killed" })]).problems.join(), /a test kills it: Page\.ts: a < b -> a <= b/)
  })

  it("are reported when the source no longer has them, if all of the file was mutated", () => {
    assert.match(apart([]).problems.join(), /there is no such mutant/)
    assert.deepStrictEqual(apart([], false).problems, [])
  })

  it("with a line are only those on that line", () => {
    const onLine = { ...listed, line: "return a < b" }
    const elsewhere = mutation({ lineText: "if (a < b) {" })
    assert.deepStrictEqual(setApart([onLine], [mutation({}), elsewhere], () => true).counted, [elsewhere])
  })
})

describe("the results that are kept", () => {
  it("do not include mutants that were not tested, so that the next run tests them", () => {
    const mutants = [{ id: "1", status: "Killed" }, { id: "2", status: "RuntimeError" }]
    assert.deepStrictEqual(withoutNotTested({ schemaVersion: "2", files: { "a.ts": { language: "ts", mutants } } }), {
      schemaVersion: "2",
      files: { "a.ts": { language: "ts", mutants: [{ id: "1", status: "Killed" }] } }
    })
  })
})

describe("the coverage", () => {
  it("passes what hooks of a file run on to its tests only", () => {
    const { coverage } = attributeToTests(
      { static: {}, perTest: { "a.test.ts#": { m1: 1 }, "a.test.ts#one": { m2: 1 } } },
      ["a.test.ts#one", "b.test.ts#two"]
    )
    assert.deepStrictEqual(coverage.perTest, { "a.test.ts#one": { m2: 1, m1: 1 }, "b.test.ts#two": {} })
  })

  it("tells which mutants run while modules are loaded, and which of those no test runs", () => {
    const { coverage, loading } = attributeToTests(
      { static: { m2: 1, m3: 1 }, perTest: { "a.test.ts##": { m1: 1, m2: 1 }, "a.test.ts#one": { m2: 1 } } },
      ["a.test.ts#one"]
    )
    assert.sameMembers([...loading], ["m1", "m2", "m3"])
    assert.deepStrictEqual(coverage.static, { m1: 1, m3: 1 })
  })
})

describe("what is not mutated", () => {
  const isIgnored = (node: unknown, parent?: unknown) => reasonToIgnore(node, parent) !== undefined
  const text = (value: string) => ({ type: "StringLiteral", value })

  it("are sentences and keys, and no other string", () => {
    assert.isTrue(isIgnored(text("the token has expired")))
    assert.isTrue(isIgnored(text("@effect-signalwire/http/Page")))
    assert.isFalse(isIgnored(text("expired")))
  })

  it("are the arguments of logs and spans, and no other argument", () => {
    const call = (name: string) => {
      const argument = text("dial")
      const callee = { type: "MemberExpression", property: { type: "Identifier", name } }
      return isIgnored(argument, { type: "CallExpression", callee, arguments: [argument] })
    }
    assert.isTrue(call("withSpan"))
    assert.isFalse(call("includes"))
  })
})

describe("the command line", () => {
  const root = dirname(dirname(import.meta.dirname))

  it.each([
    [["--fils", "x"], "--fils"],
    [["nope"], "not a package that is mutated: nope"],
    [["runtime", "--lines", "3"], "--lines needs --files"],
    [["runtime", "--files", "BoundedMap.ts", "--lines", "9-3"], "not a range of lines"],
    [["--files", "Nothing.ts"], "no source matches Nothing.ts"],
    [["--minutes", "abc"], "--minutes must be a number above 0: abc"],
    [["--base", "HEAD"], "--base needs --changed"],
    [["--changed", "runtime"], "--changed takes no packages"],
    [["--changed", "--base", "no-such-commit"], "git has no commit no-such-commit"]
  ])("refuses %j, and says why", (args, message) => {
    assert.throws(() => read(root, args), UsageError, message)
  })

  it("is asked for a whole package, for one place, or for changes", () => {
    const whole = read(root, ["@effect-signalwire/runtime"])
    assert.deepStrictEqual([whole?.isWhole, [...whole?.scopes.keys() ?? []]], [true, ["runtime"]])
    const place = read(root, ["runtime", "--files", "BoundedMap.ts", "--lines", "3"])
    const file = "packages/runtime/src/BoundedMap.ts"
    assert.deepStrictEqual([...place?.scopes.get("runtime") ?? []], [[file, [{ start: 3, end: 3 }]]])
    assert.isFalse(place?.isWhole)
    assert.isUndefined(read(root, ["--help"]))
  })
})
