import { createHash, randomUUID } from 'node:crypto'
import { mkdir, open, readFile, realpath, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { PermanentError } from '../failure'
import { type HandlerDefinition, handler } from '../handler'

/** Where files are kept: a folder here, or a bucket elsewhere. */
export interface FileStore {
  /**
   * Writes the file whole or not at all.
   * @throws PermanentError where it exists with other content and must not be replaced
   */
  write(name: string, content: Buffer, options: { replace: boolean }): Promise<void>
}

const shape = z
  .strictObject({
    /** A path of plain names, such as 'exports/2030/orders.csv'. */
    name: z
      .string()
      .max(500)
      .regex(/^[^/\\\0]+(\/[^/\\\0]+)*$/, { error: 'is no relative path' })
      .refine((name) => name.split('/').every((part) => !part.startsWith('.')), {
        error: 'has a part that starts with a dot',
      }),
    text: z.string().optional(),
    base64: z.base64().optional(),
    /** Whether an existing file is replaced. Default true. */
    replace: z.boolean().default(true),
  })
  .refine(({ text, base64 }) => (text === undefined) !== (base64 === undefined), {
    error: 'needs either text or base64',
  })

/** `file.write`: text or base64 into the site's files. */
export function fileWriteHandler(store: FileStore | undefined): HandlerDefinition {
  return handler({
    label: 'File',
    payload: shape,
    run: async ({ name, text, base64, replace }) => {
      if (!store) throw new PermanentError('This site has no place for files.')
      const content = base64 === undefined ? Buffer.from(text ?? '') : Buffer.from(base64, 'base64')
      await store.write(name, content, { replace })
      return { name, bytes: content.byteLength, sha256: createHash('sha256').update(content).digest('hex') }
    },
  })
}

/** Files in a folder of this machine. Symbolic links that lead out of it are not followed. */
export function localFiles(folder: string): FileStore {
  return {
    async write(name, content, { replace }) {
      await mkdir(folder, { recursive: true })
      const root = await realpath(folder)
      const target = path.join(root, name)
      const parent = path.dirname(target)
      await mkdirWithin(root, path.relative(root, parent))
      if (!replace) {
        const existing = await readFile(target).catch(() => undefined)
        if (existing?.equals(content)) return // an earlier attempt of ours
        if (existing) throw new PermanentError(`${name} exists and is not to be replaced.`)
      }
      const half = path.join(parent, `.${randomUUID()}.part`)
      try {
        const file = await open(half, 'wx')
        await file.writeFile(content)
        await file.sync()
        await file.close()
        await rename(half, target)
      } catch (error) {
        await rm(half, { force: true })
        throw error
      }
    },
  }
}

/** Makes the folders one by one, so that none is made behind a link that leads elsewhere. */
async function mkdirWithin(root: string, relative: string): Promise<void> {
  let at = root
  for (const part of relative.split(path.sep).filter(Boolean)) {
    at = path.join(at, part)
    await mkdir(at, { recursive: true })
    const real = await realpath(at)
    if (real !== root && !real.startsWith(root + path.sep))
      throw new PermanentError(`${part} leads out of the site's files.`)
  }
}
