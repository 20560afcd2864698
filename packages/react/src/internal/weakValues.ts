/** Values by key that stay in memory only while something else holds them. */
export interface WeakValues<A extends object> {
  /** Returns the value of a key, or `undefined` if there is none any more. */
  readonly get: (key: string) => A | undefined
  readonly set: (key: string, value: A) => void
  /** The number of keys. A key is forgotten some time after its value. */
  readonly size: () => number
}

export const make = <A extends object>(): WeakValues<A> => {
  const references = new Map<string, WeakRef<A>>()
  const registry = new FinalizationRegistry<{ readonly key: string; readonly reference: WeakRef<A> }>(
    ({ key, reference }) => {
      // unless the key has another value by now
      if (references.get(key) === reference) references.delete(key)
    }
  )
  return {
    get: (key) => references.get(key)?.deref(),
    set: (key, value) => {
      const reference = new WeakRef(value)
      references.set(key, reference)
      registry.register(value, { key, reference })
    },
    size: () => references.size
  }
}
