import { randomUUID } from 'node:crypto'
import { link, mkdir, open, realpath, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { type FileCheck, type FileContent, FileError, type FileStore, isSame, type WriteOptions } from './files'
import { assertName } from './name'

/*
 * Files that people keep are no part of the site: `turbopackIgnore` keeps the build from taking the whole project for them
 * (next 16.4.6).
 */

/** Files in a folder of this machine. Symbolic links that lead out of it are not followed. */
export function localFiles(folder: string): FileStore {
  return {
    check: () => checkFolder(folder),
    write: (name, content, options) => told(name, () => write(folder, name, content, options)),
    read: (name) => told(name, () => read(folder, name)),
    remove: (name) =>
      told(name, async () => {
        const target = await within(folder, name)
        if (target) await rm(target, { force: true })
      }),
  }
}

function checkFolder(folder: unknown): FileCheck[] {
  if (typeof folder === 'string' && folder.trim() !== '') return []
  return [{ option: 'folder', message: 'no folder is given', hint: "Write localFiles('/var/lib/bakery/files')." }]
}

async function write(folder: string, name: string, content: Buffer, options: WriteOptions = {}): Promise<void> {
  const { replace = true, signal } = options
  assertName(name)
  await mkdir(folder, { recursive: true })
  const root = await realpath(folder)
  const target = path.join(root, name)
  const parent = path.dirname(target)
  await mkdirWithin(root, path.relative(root, parent))
  const half = path.join(parent, `.${randomUUID()}.part`)
  try {
    const file = await open(half, 'wx')
    try {
      await file.writeFile(content, { signal })
      await file.sync()
    } finally {
      await file.close()
    }
    signal?.throwIfAborted()
    if (replace) await rename(half, target)
    else
      await putWhereNone(half, target, async () => {
        const existing = await read(folder, name)
        return existing !== undefined && (await isSame(existing, content))
      })
  } finally {
    await rm(half, { force: true })
  }
}

/** A second name for the finished file, which the system gives to one writer only. */
async function putWhereNone(half: string, target: string, isOurs: () => Promise<boolean>): Promise<void> {
  try {
    await link(half, target)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    if (await isOurs()) return
    throw new FileError('exists', `${path.basename(target)} exists and is not to be replaced.`)
  }
}

async function read(folder: string, name: string): Promise<FileContent | undefined> {
  const target = await within(folder, name)
  const real = target && (await realpath(/* turbopackIgnore: true */ target).catch(unlessMissing))
  if (!real) return undefined
  assertWithin(await realpath(folder), real, name)
  const file = await open(/* turbopackIgnore: true */ real).catch(unlessMissing)
  if (!file) return undefined
  const facts = await file.stat()
  if (facts.isFile()) return { size: facts.size, stream: file.createReadStream() }
  await file.close()
  return undefined
}

/** Where the file is, if it is there; undefined where not even its folder is. */
async function within(folder: string, name: string): Promise<string | undefined> {
  assertName(name)
  const root = await realpath(folder).catch(unlessMissing)
  const parent = root && (await realpath(path.join(root, path.dirname(name))).catch(unlessMissing))
  if (!root || !parent) return undefined
  assertWithin(root, parent, name)
  return path.join(parent, path.basename(name))
}

/** Makes the folders one by one, so that none is made behind a link that leads elsewhere. */
async function mkdirWithin(root: string, relative: string): Promise<void> {
  let at = root
  for (const part of relative.split(path.sep).filter(Boolean)) {
    at = path.join(at, part)
    await mkdir(at, { recursive: true })
    assertWithin(root, await realpath(at), part)
  }
}

function assertWithin(root: string, real: string, name: string): void {
  if (real !== root && !real.startsWith(root + path.sep))
    throw new FileError('refused', `${name} leads out of the site's files.`)
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}

/** What the system says, as far as trying again cannot change it. */
const FINAL: Record<string, 'bad_name' | 'refused'> = {
  ENAMETOOLONG: 'bad_name',
  // A file stands where the name wants a folder, or the other way round.
  ENOTDIR: 'bad_name',
  EEXIST: 'bad_name',
  EISDIR: 'bad_name',
  ENOTEMPTY: 'bad_name',
  ELOOP: 'refused',
  EACCES: 'refused',
  EPERM: 'refused',
  EROFS: 'refused',
}

async function told<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (error instanceof FileError || code === undefined || code === 'ABORT_ERR') throw error
    throw new FileError(FINAL[code] ?? 'unavailable', `${name}: ${message}`, { cause: error })
  }
}
