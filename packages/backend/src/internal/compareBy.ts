/**
 * Makes a comparator for sorting by a key.
 */
export const compareBy = <A>(key: (item: A) => string | number, descending: boolean) => (a: A, b: A): number => {
  const [left, right] = [key(a), key(b)]
  return (left < right ? -1 : left > right ? 1 : 0) * (descending ? -1 : 1)
}
