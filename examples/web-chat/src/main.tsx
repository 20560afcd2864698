import { StrictMode } from "react"
import { createRoot } from "react-dom/client"
import { App } from "./App.tsx"
import * as Directory from "./directory.ts"

const root = document.querySelector("#root")
if (root === null) throw new Error("index.html has no #root")

const directory = await Directory.load()
createRoot(root).render(
  <StrictMode>
    <App directory={directory} />
  </StrictMode>
)
