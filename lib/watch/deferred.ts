export interface Deferred {
  promise: Promise<void>
  resolve(): void
  reject(error: Error): void
}

/** A promise settled from outside; nobody has to wait for it. */
export function deferred(): Deferred {
  let resolve!: () => void
  let reject!: (error: Error) => void
  const promise = new Promise<void>((yes, no) => {
    resolve = yes
    reject = no
  })
  promise.catch(() => {})
  return { promise, resolve, reject }
}
