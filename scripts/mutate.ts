/**
 * Mutation tests: changes the sources of packages in many small ways, one at a time, and reports the changes that no test
 * notices. `CONTRIBUTING.md` tells how to read the report, and `--help` prints the options.
 */
import { dirname } from "node:path"
import { type Command, read, usage } from "./mutation/commandLine.ts"
import { equivalentsOf, invalidEntries, setApart } from "./mutation/equivalents.ts"
import { isNotTested, isSurvivor, percentKilled } from "./mutation/results.ts"
import { runMutants, TestsFail } from "./mutation/run.ts"
import type { Scope } from "./mutation/scope.ts"
import type { Package } from "./mutation/suites.ts"
import { notTestedLines, summaryLine, survivorLines } from "./mutation/table.ts"
import { UsageError } from "./mutation/UsageError.ts"

/** The part of the mutants of a package that its tests must kill, in percent. */
const threshold = 92

const root = dirname(import.meta.dirname)
process.chdir(root)

/** Tests the mutants of a package, prints the results, and returns whether they are good enough. */
const testPackage = async (command: Command, name: Package, scope: Scope): Promise<boolean> => {
  const { concurrency, deadline, force, isOfChanges, isWhole, wide } = command
  const start = Date.now()
  const mutations = await runMutants({ root, package: name, scope, force, wide, concurrency, deadline })
  const isComplete = (file: string): boolean => isWhole || scope.get(`packages/${name}/src/${file}`)?.length === 0
  const { counted, equivalent, problems } = setApart(equivalentsOf[name], mutations, isComplete)
  const invalid = invalidEntries(root, name)
  for (const line of [...survivorLines(counted), ...notTestedLines(counted), ...problems, ...invalid]) console.log(line)
  console.log(summaryLine({ name, counted, equivalent, seconds: (Date.now() - start) / 1000 }))
  const isBelow = isWhole && (percentKilled(counted) ?? threshold) < threshold
  if (isBelow) console.log(`${name}: below ${threshold} %`)
  const isIncomplete = deadline === undefined && counted.some(isNotTested)
  const hasNewSurvivor = isOfChanges && counted.some(isSurvivor)
  return !isBelow && !isIncomplete && !hasNewSurvivor && problems.length + invalid.length === 0
}

const main = async (): Promise<void> => {
  const command = read(root, process.argv.slice(2))
  if (command === undefined) return console.log(usage)
  if (command.nothing !== undefined) console.log(command.nothing)
  for (const [name, scope] of command.scopes) {
    if (command.deadline !== undefined && Date.now() > command.deadline) {
      console.log(`${name}: not tested, no time left`)
    } else if (!await testPackage(command, name, scope)) process.exitCode = 1
  }
}

try {
  await main()
} catch (error) {
  if (error instanceof UsageError) {
    console.error(`${error.message}\n\n${usage}`)
    process.exitCode = 2
  } else if (error instanceof TestsFail) {
    console.error(error.message)
    process.exitCode = 1
  } else throw error
}
