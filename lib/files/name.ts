import { z } from 'zod'
import { FileError } from './files'

/** As many bytes as a key of S3 has; a folder takes as much. */
const MOST_BYTES = 1024

/** A path of plain names, such as 'exports/2030/orders.csv': the same file in every store, and never outside of it. */
export const fileName = z
  .string()
  .max(500)
  .regex(/^[^/\\\p{Cc}\p{Cs}]+(\/[^/\\\p{Cc}\p{Cs}]+)*$/u, { error: 'is no relative path' })
  .refine((name) => name.split('/').every((part) => !part.startsWith('.')), {
    error: 'has a part that starts with a dot',
  })

/** @throws FileError `bad_name` where the name, with what the store puts before it, is none or too long */
export function assertName(name: string, prefix = ''): void {
  const { error } = fileName.safeParse(name)
  if (error) throw new FileError('bad_name', `The file name ${JSON.stringify(name)} ${error.issues[0]?.message}.`)
  if (Buffer.byteLength(prefix + name) > MOST_BYTES)
    throw new FileError('bad_name', `The file name ${JSON.stringify(name)} is longer than ${MOST_BYTES} bytes.`)
}
