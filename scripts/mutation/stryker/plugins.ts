/** The plugins that `options.json` names. */
import {
  commonTokens,
  declareFactoryPlugin,
  declareValuePlugin,
  type Injector,
  type PluginContext,
  PluginKind,
  tokens
} from "@stryker-mutator/api/plugin"
import { strykerPlugins as vitestPlugins } from "@stryker-mutator/vitest-runner"
import { ignorer } from "./ignorer.ts"
import { spreadReporter } from "./spreadReporter.ts"
import { TestRunner } from "./TestRunner.ts"

const makeTestRunner = (injector: Injector<PluginContext>): TestRunner => {
  const [vitest] = vitestPlugins
  if (vitest === undefined) throw new Error("@stryker-mutator/vitest-runner has no plugin")
  return new TestRunner(vitest.factory(injector))
}
makeTestRunner.inject = tokens(commonTokens.injector)

export const strykerPlugins = [
  declareFactoryPlugin(PluginKind.TestRunner, "persistent-vitest", makeTestRunner),
  declareValuePlugin(PluginKind.Ignore, "sentences", ignorer),
  declareValuePlugin(PluginKind.Reporter, "spread", spreadReporter)
]
