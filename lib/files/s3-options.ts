import { z } from 'zod'
import { type Duration, parseDuration } from '@/lib/db/duration'
import type { FileCheck } from './files'

/** A bucket of Amazon S3, or of what speaks like it: MinIO, Ceph, R2, Garage, Spaces … */
export interface S3Options {
  bucket: string
  /** Such as 'eu-central-1'. May be left out beside an `endpoint` whose server has none: then 'us-east-1'. */
  region?: string
  /** The server's address where it is not Amazon's: 'https://minio.internal:9000'. */
  endpoint?: string
  /** What every key starts with: with 'kontor', the file 'a.txt' is the object 'kontor/a.txt'. Default nothing. */
  prefix?: string
  /** The bucket in the path in place of the host name. Default true beside an `endpoint`, false at Amazon. */
  pathStyle?: boolean
  /** Both or neither. Without them the environment says who asks: `AWS_ACCESS_KEY_ID`, a profile, the machine's role. */
  accessKeyId?: string
  secretAccessKey?: string
  /** With temporary keys. */
  sessionToken?: string
  /** Longest time for one call. Default '30s'. */
  timeout?: Duration
}

const text = z.string({ error: 'is not given' }).min(1, { error: 'is empty' })
const key = text.regex(/^\S+$/, { error: 'holds a space' }).optional()

const shape = z.strictObject({
  bucket: text.regex(/^[a-z\d][a-z\d.-]{1,61}[a-z\d]$/i, { error: 'is no name of a bucket' }),
  region: text.regex(/^[a-z\d-]+$/i, { error: 'is no name of a region' }).optional(),
  endpoint: text.refine((address) => isServer(address), { error: 'is not the http(s) address of a server' }).optional(),
  prefix: z
    .string()
    .max(500)
    .regex(/^([^/\\\p{Cc}\p{Cs}]+(\/[^/\\\p{Cc}\p{Cs}]+)*\/?)?$/u, { error: 'is no relative path' })
    .optional(),
  pathStyle: z.boolean().optional(),
  accessKeyId: key,
  secretAccessKey: key,
  sessionToken: key,
  timeout: text.refine((span) => (parseDuration(span) ?? 0) > 0, { error: 'is no span of time' }).optional(),
})

const HINTS: Record<string, string> = {
  bucket: "bucket: 'bakery-files'",
  region: "region: 'eu-central-1'",
  endpoint: "endpoint: 'https://minio.internal:9000', and nothing behind it: the bucket has an option of its own",
  prefix: "prefix: 'kontor/files'",
  pathStyle: 'pathStyle: true',
  timeout: "timeout: '30s'",
}

/** Every mistake at once. */
export function checkS3(options: unknown): FileCheck[] {
  const parsed = shape.safeParse(options)
  const checks = (parsed.error?.issues ?? []).flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((option) => mistake(option, `there is no option “${option}”`, OPTIONS))
      : [mistake(String(issue.path[0] ?? ''), `${String(issue.path[0] ?? 's3Files')} ${issue.message}`)],
  )
  if (!parsed.success) return checks
  const { region, endpoint, accessKeyId, secretAccessKey, sessionToken } = parsed.data
  if (!region && !endpoint) checks.push(mistake('region', 'neither a region nor an endpoint is given'))
  if ((accessKeyId === undefined) !== (secretAccessKey === undefined)) {
    const [has, lacks] = accessKeyId ? ['accessKeyId', 'secretAccessKey'] : ['secretAccessKey', 'accessKeyId']
    checks.push(mistake(lacks, `${has} is given without ${lacks}`, 'Give both, or neither: see S3Options.'))
  } else if (sessionToken && !accessKeyId) {
    checks.push(mistake('sessionToken', 'sessionToken is given without keys', 'Give accessKeyId and secretAccessKey.'))
  }
  return checks
}

const OPTIONS = `The options are ${Object.keys(shape.shape).join(', ')}.`

function mistake(option: string, message: string, hint = `For example ${HINTS[option] ?? HINTS.bucket}.`): FileCheck {
  return { option, message, hint }
}

function isServer(address: string): boolean {
  if (!URL.canParse(address)) return false
  const { protocol, pathname, search, hash, username } = new URL(address)
  return ['http:', 'https:'].includes(protocol) && pathname === '/' && !search && !hash && !username
}
