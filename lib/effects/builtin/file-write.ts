import { createHash } from 'node:crypto'
import { z } from 'zod'
import { type FileStore, fileName } from '@/lib/files'
import { PermanentError } from '../failure'
import { type HandlerDefinition, handler } from '../handler'

const shape = z
  .strictObject({
    /** A path of plain names, such as 'exports/2030/orders.csv'. */
    name: fileName,
    text: z.string().optional(),
    base64: z.base64().optional(),
    /** Kept by a bucket; a folder has no place for it. */
    contentType: z
      .string()
      .max(200)
      .regex(/^[\w.+-]+\/[\w.+-]+(; *[\w-]+=[\w."-]+)*$/, { error: 'is no media type' })
      .optional(),
    /** Whether an existing file is replaced. Default true. */
    replace: z.boolean().default(true),
  })
  .refine(({ text, base64 }) => (text === undefined) !== (base64 === undefined), {
    error: 'needs either text or base64',
  })

/** `file.write`: text or base64 into the site's files. The store says which failures are worth another try. */
export function fileWriteHandler(store: FileStore | undefined): HandlerDefinition {
  return handler({
    label: 'File',
    payload: shape,
    run: async ({ name, text, base64, contentType, replace }, { signal }) => {
      if (!store) throw new PermanentError('This site has no place for files.')
      const content = base64 === undefined ? Buffer.from(text ?? '') : Buffer.from(base64, 'base64')
      await store.write(name, content, { replace, contentType, signal })
      return { name, bytes: content.byteLength, sha256: createHash('sha256').update(content).digest('hex') }
    },
  })
}
