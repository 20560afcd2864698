/**
 * Simulates an older platform: removes what was not in every browser by May 2024 (Chrome 125, Firefox 126, Safari
 * 17.5), and older features that polyfilled or embedded platforms such as React Native often lack.
 *
 * The function is self-contained, so that it can run in a page before any other script.
 */
export const removeNewerFeatures = (
  /** Features to keep because the platform's own `fetch` uses them. */
  needed: ReadonlyArray<string> = []
): { readonly removed: ReadonlyArray<string>; readonly left: ReadonlyArray<string> } => {
  const removed: Array<string> = []
  const left: Array<string> = []

  const remove = (name: string, owner: unknown, ...keys: ReadonlyArray<PropertyKey>): void => {
    if ((typeof owner !== "object" || owner === null) && typeof owner !== "function") return
    for (const key of keys) {
      if (!Object.hasOwn(owner, key)) continue
      const path = `${name}.${String(key)}`
      if (needed.includes(path)) continue
      if (Reflect.deleteProperty(owner, key)) removed.push(path)
      else left.push(path)
    }
  }
  /** Removes static members and instance members of a global class. */
  const removeFrom = (
    name: string,
    staticKeys: ReadonlyArray<PropertyKey>,
    prototypeKeys: ReadonlyArray<PropertyKey> = []
  ): void => {
    const owner: unknown = Reflect.get(globalThis, name)
    remove(name, owner, ...staticKeys)
    if (typeof owner === "function") remove(`${name}.prototype`, owner.prototype, ...prototypeKeys)
  }

  const helpers = ["map", "filter", "take", "drop", "flatMap", "reduce", "toArray", "forEach", "some", "every", "find"]
  const iterators: unknown = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()))
  const lists = ["toSorted", "toReversed", "toSpliced", "with", "findLast", "findLastIndex"]

  // in the order of their introduction
  removeFrom("Array", ["fromAsync"], lists)
  remove("TypedArray.prototype", Object.getPrototypeOf(Uint8Array.prototype), ...lists)
  removeFrom("AbortSignal", ["any", "timeout"], ["throwIfAborted"])
  removeFrom("URL", ["canParse", "parse"])
  removeFrom("Crypto", [], ["randomUUID"])
  removeFrom("Promise", ["withResolvers", "try", "allKeyed", "allSettledKeyed"])
  removeFrom("Object", ["groupBy"])
  removeFrom("Map", ["groupBy"], ["getOrInsert", "getOrInsertComputed"])
  removeFrom("WeakMap", [], ["getOrInsert", "getOrInsertComputed"])
  removeFrom("ArrayBuffer", [], [
    "transfer",
    "transferToFixedLength",
    "resize",
    "resizable",
    "maxByteLength",
    "detached"
  ])
  removeFrom("SharedArrayBuffer", [], ["grow", "growable", "maxByteLength"])
  removeFrom("Set", [], [
    "union",
    "intersection",
    "difference",
    "symmetricDifference",
    "isSubsetOf",
    "isSupersetOf",
    "isDisjointFrom"
  ])
  remove("Iterator.prototype", iterators, ...helpers)
  removeFrom("RegExp", ["escape"])
  removeFrom("Error", ["isError", "captureStackTrace"])
  removeFrom("JSON", ["rawJSON", "isRawJSON"])
  removeFrom("Math", ["f16round", "sumPrecise"])
  removeFrom("Atomics", ["waitAsync", "pause"])
  removeFrom("DataView", [], ["getFloat16", "setFloat16"])
  removeFrom("Uint8Array", ["fromBase64", "fromHex"], ["toBase64", "toHex", "setFromBase64", "setFromHex"])
  removeFrom("Intl", ["DurationFormat"])
  removeFrom("Response", [], ["bytes"])
  removeFrom("Request", [], ["bytes"])
  removeFrom("Blob", [], ["bytes"])
  removeFrom("ReadableStream", ["from"], ["values", Symbol.asyncIterator])
  remove(
    "globalThis",
    globalThis,
    "Iterator",
    "Temporal",
    "Float16Array",
    "URLPattern",
    "DisposableStack",
    "AsyncDisposableStack",
    "SuppressedError",
    "scheduler",
    "Scheduler",
    "navigation",
    "Navigation",
    "cookieStore",
    "CookieStore",
    "WebSocketStream",
    "WebTransport"
  )

  // the symbols of `using` can't be deleted from `Symbol`, so replace `Symbol` with a function that lacks them
  const Native = Symbol
  const hidden: ReadonlyArray<PropertyKey> = ["dispose", "asyncDispose", "metadata"]
  const Older = (description?: string): symbol => Native(description)
  for (const key of Reflect.ownKeys(Native)) {
    if (hidden.includes(key)) removed.push(`Symbol.${String(key)}`)
    else if (!Object.hasOwn(Older, key)) Object.defineProperty(Older, key, { value: Reflect.get(Native, key) })
  }
  Reflect.set(globalThis, "Symbol", Older)
  return { removed, left }
}
