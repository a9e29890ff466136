interface Kept<T> {
  until: number
  value: Promise<T>
}

interface Keeping<D, S, T> {
  /** How long a value is believed, in milliseconds. */
  ms: number
  load: (database: D, subject: S) => Promise<T>
  /** Which subjects share a value. Default: all of them. */
  keyOf?: (subject: S) => string
}

/**
 * Keeps what is read of a database for a while, for facts that every page needs and that may be a little old. Asked at
 * the same time, it is read once; a failure is not kept.
 */
export function keep<D extends object, T, S = void>({ ms, load, keyOf = () => '' }: Keeping<D, S, T>) {
  const shelves = new WeakMap<D, Map<string, Kept<T>>>()
  return (database: D, subject: S): Promise<T> => {
    const shelf = shelves.get(database) ?? new Map<string, Kept<T>>()
    shelves.set(database, shelf)
    const key = keyOf(subject)
    const found = shelf.get(key)
    if (found && found.until > Date.now()) return found.value
    const kept = { until: Date.now() + ms, value: load(database, subject) }
    shelf.set(key, kept)
    kept.value.catch(() => {
      if (shelf.get(key) === kept) shelf.delete(key)
    })
    return kept.value
  }
}
