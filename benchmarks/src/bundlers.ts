/** The bundlers whose output is measured. */
import * as esbuild from "esbuild"
import { join } from "node:path"
import { rolldown } from "rolldown"

/** The path of an entry in `bundled/`. */
export const entry = (name: "whole" | "chat" | "latency"): string => join(import.meta.dirname, "bundled", `${name}.ts`)

/** One minified file for browsers, by esbuild. */
export const withEsbuild = async (file: string): Promise<string> => {
  const { outputFiles } = await esbuild.build({
    entryPoints: [file],
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2023",
    write: false,
    legalComments: "none"
  })
  return outputFiles.map(({ text }) => text).join("")
}

const chunks = async (file: string, apart: RegExp | undefined) => {
  await using bundle = await rolldown({ input: file, platform: "browser" })
  const { output } = await bundle.generate({
    format: "esm",
    minify: true,
    comments: { legal: false },
    codeSplitting: apart === undefined ? false : { groups: [{ name: "apart", test: apart }] }
  })
  return output.flatMap((part) => part.type === "chunk" ? [part] : [])
}

/** One minified file for browsers, by Rolldown. */
export const withRolldown = async (file: string): Promise<string> =>
  (await chunks(file, undefined)).map(({ code }) => code).join("")

/** The part of the bundle that comes from modules whose path matches. */
export const shareOf = async (file: string, path: RegExp): Promise<string> =>
  (await chunks(file, path)).filter(({ name }) => name === "apart").map(({ code }) => code).join("")
