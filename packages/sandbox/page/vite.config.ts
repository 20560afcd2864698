import react from "@vitejs/plugin-react"
import { defineConfig } from "vite"

export default defineConfig({
  // the path where the sandbox serves the page
  base: "/_sandbox/page/",
  plugins: [react()],
  // globals that React checks, and that browsers do not have or the page does not need
  define: {
    __REACT_DEVTOOLS_GLOBAL_HOOK__: "undefined",
    "document.documentMode": "undefined",
    navigation: "undefined",
    MSApp: "undefined",
    process: "undefined",
    "globalThis.process": "undefined",
    setImmediate: "undefined",
    // all browsers that the page supports have it, so that React's substitutes are left out
    "typeof reportError": "\"function\""
  },
  build: {
    outDir: "../static",
    emptyOutDir: true,
    // the Content-Security-Policy of the page allows neither inline scripts nor data URLs
    assetsInlineLimit: 0,
    modulePreload: false,
    reportCompressedSize: false,
    // no module of the page has getters with side effects
    rolldownOptions: { treeshake: { propertyReadSideEffects: false } }
  }
})
