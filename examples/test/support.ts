/** The environment that programs get from tests: no token and no option of the SDK, only what starts Node. */
export const nodeEnvironment = () => ({
  PATH: process.env["PATH"],
  NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"]
})
