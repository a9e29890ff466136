import { existsSync } from 'node:fs'
import { cp, mkdir, rm } from 'node:fs/promises'
import path from 'node:path'

/**
 * Runs `work`, which writes new files in place of `paths`, after keeping a copy of what stands there. Where `work`
 * fails the copies come back, so that nothing half written stays.
 * @param root the folder `paths` and the copies are relative to
 * @returns where the copies are, relative to `root`; undefined where there was nothing to keep
 */
export async function replaceFiles(
  root: string,
  paths: readonly string[],
  work: () => Promise<void>,
): Promise<string | undefined> {
  const folder = path.join('.kontor', 'replaced', new Date().toISOString().slice(0, 19).replaceAll(':', '-'))
  const kept = paths.filter((name) => existsSync(path.join(root, name)))
  for (const name of kept) {
    const copy = path.join(root, folder, name)
    await mkdir(path.dirname(copy), { recursive: true })
    await cp(path.join(root, name), copy, { recursive: true })
  }
  try {
    for (const name of kept) await rm(path.join(root, name), { recursive: true })
    await work()
  } catch (error) {
    for (const name of paths) await rm(path.join(root, name), { recursive: true, force: true })
    for (const name of kept) await cp(path.join(root, folder, name), path.join(root, name), { recursive: true })
    throw error
  }
  return kept.length > 0 ? folder : undefined
}
