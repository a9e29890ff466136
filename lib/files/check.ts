import type { FileCheck, FileStore } from './files'

/** What is wrong with what a config gives as its files. */
export function checkFiles(store: unknown): FileCheck[] {
  if (typeof store === 'object' && store !== null && METHODS.every((name) => isMethod(store, name)))
    return (store as FileStore).check()
  const hint = "Write localFiles('/var/lib/bakery/files') or s3Files({ bucket, region })."
  return [{ option: '', message: 'this is no place for files', hint }]
}

const METHODS = ['write', 'read', 'remove', 'check'] satisfies (keyof FileStore)[]

const isMethod = (store: object, name: string) =>
  name in store && typeof (store as Record<string, unknown>)[name] === 'function'
