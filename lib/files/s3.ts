import type { Readable } from 'node:stream'
import type { S3Client } from '@aws-sdk/client-s3'
import { parseDuration } from '@/lib/db/duration'
import { type FileContent, FileError, type FileStore, isSame, type WriteOptions } from './files'
import { assertName } from './name'
import { isMissing, isTaken, toFileError } from './s3-errors'
import { checkS3, type S3Options } from './s3-options'

type Sdk = typeof import('@aws-sdk/client-s3')

interface Bucket {
  sdk: Sdk
  client: S3Client
  Bucket: string
}

const CONNECT_MS = 5_000

/**
 * Files as objects of a bucket, each written by one signed call. Nothing is tried again here: whoever calls knows when.
 * `replace: false` relies on conditional writes (`If-None-Match`), as Amazon, MinIO, Ceph and R2 have them.
 */
export function s3Files(options: S3Options): FileStore {
  let opened: Promise<Bucket> | undefined

  /** Calls the server, for no longer than the timeout, and says what went wrong in our own words. */
  async function call<T>(
    name: string,
    given: AbortSignal | undefined,
    work: (bucket: Bucket, key: string, abortSignal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const prefix = options.prefix ? options.prefix.replace(/\/?$/, '/') : ''
    const timeoutMs = parseDuration(options.timeout ?? '30s') ?? 30_000
    assertName(name, prefix)
    given?.throwIfAborted()
    const over = AbortSignal.timeout(timeoutMs)
    opened ??= open(options)
    try {
      return await work(await opened, prefix + name, given ? AbortSignal.any([given, over]) : over)
    } catch (error) {
      given?.throwIfAborted()
      throw toFileError(error, { name, bucket: options.bucket, timeoutMs: over.aborted ? timeoutMs : undefined })
    }
  }

  const read: FileStore['read'] = (name, { signal } = {}) =>
    call(name, signal, (bucket, key, abortSignal) => get(bucket, key, abortSignal))

  return {
    check: () => checkS3(options),
    read,
    write: (name, content, { replace = true, contentType, signal }: WriteOptions = {}) =>
      call(name, signal, async ({ sdk, client, Bucket }, Key, abortSignal) => {
        const condition = replace ? {} : { IfNoneMatch: '*' }
        const object = { Bucket, Key, Body: content, ContentType: contentType }
        try {
          await client.send(new sdk.PutObjectCommand({ ...object, ...condition }), { abortSignal })
        } catch (error) {
          if (replace || !isTaken(error)) throw error
          const existing = await get({ sdk, client, Bucket }, Key, abortSignal)
          if (existing && (await isSame(existing, content))) return
          throw new FileError('exists', `${name} exists and is not to be replaced.`, { cause: error })
        }
      }),
    remove: (name, { signal } = {}) =>
      call(name, signal, async ({ sdk, client, Bucket }, Key, abortSignal) => {
        await client.send(new sdk.DeleteObjectCommand({ Bucket, Key }), { abortSignal })
      }),
  }
}

/** The SDK is loaded by the first file: the config that declares the store is read by every process. */
async function open(options: S3Options): Promise<Bucket> {
  const sdk = await import('@aws-sdk/client-s3')
  const { bucket, endpoint, region, accessKeyId, secretAccessKey, sessionToken } = options
  const client = new sdk.S3Client({
    endpoint,
    region: region ?? 'us-east-1',
    forcePathStyle: options.pathStyle ?? endpoint !== undefined,
    credentials: accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey, sessionToken } : undefined,
    maxAttempts: 1,
    requestHandler: { connectionTimeout: CONNECT_MS },
    // The signature covers the content. Further checksums are refused by servers that speak an older S3.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
  return { sdk, client, Bucket: bucket }
}

async function get(
  { sdk, client, Bucket }: Bucket,
  Key: string,
  abortSignal: AbortSignal,
): Promise<FileContent | undefined> {
  try {
    const { Body, ContentLength = 0 } = await client.send(new sdk.GetObjectCommand({ Bucket, Key }), { abortSignal })
    return { size: ContentLength, stream: Body as Readable }
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}
