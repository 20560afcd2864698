import react from "@vitejs/plugin-react"
import { defineConfig } from "vite"

export default defineConfig({
  // where the sandbox serves it, with and without a slash at the end
  base: "/_sandbox/page/",
  plugins: [react()],
  // globals that React looks for, and that no browser has, or that the page does without
  define: {
    __REACT_DEVTOOLS_GLOBAL_HOOK__: "undefined",
    "document.documentMode": "undefined",
    navigation: "undefined",
    MSApp: "undefined",
    process: "undefined",
    "globalThis.process": "undefined",
    setImmediate: "undefined"
  },
  build: {
    outDir: "../static",
    emptyOutDir: true,
    // the policy that the page is served with allows neither inline scripts nor data in their place
    assetsInlineLimit: 0,
    modulePreload: false,
    reportCompressedSize: false,
    // no module of the page has a getter that does more than return something
    rolldownOptions: { treeshake: { propertyReadSideEffects: false } }
  }
})
