import { formatDuration, parseRetryAfter } from '@/lib/db/duration'
import { FileError, type FileErrorCode } from './files'

/** What the SDK throws: the server's own answer where there was one, else what kept it from being asked. */
interface S3Failure {
  name?: string
  message?: string
  $metadata?: { httpStatusCode?: number }
  $response?: { statusCode?: number; headers?: Record<string, string> }
}

/** Answers that sound final and are not: a slow sender, a clock that is off, keys that run out, a body torn on its way. */
const WORTH_ANOTHER_TRY = new Set([
  'RequestTimeout',
  'RequestTimeTooSkewed',
  'ExpiredToken',
  'ExpiredTokenException',
  'TokenRefreshRequired',
  'IncompleteBody',
  'BadDigest',
  'XAmzContentSHA256Mismatch',
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'OperationAborted',
  'ConditionalRequestConflict',
])

const BAD_NAMES = new Set(['KeyTooLongError', 'InvalidURI', 'InvalidObjectName', 'XMinioInvalidObjectName'])

/** That there is no such object; a bucket that is not there is another matter. */
export function isMissing(error: unknown): boolean {
  return (error as S3Failure).name === 'NoSuchKey'
}

/** That there is an object already, and the call asked for none. */
export function isTaken(error: unknown): boolean {
  return (error as S3Failure).$metadata?.httpStatusCode === 412
}

/** The failure in our own words: whether trying again can help, and when. */
export function toFileError(
  error: unknown,
  { name, bucket, timeoutMs }: { name: string; bucket: string; timeoutMs?: number },
): FileError {
  if (error instanceof FileError) return error
  const at = `${name} in the bucket ${bucket}`
  if (timeoutMs !== undefined)
    return new FileError('unavailable', `${at}: no answer within ${formatDuration(timeoutMs)}.`, { cause: error })
  const { name: said = 'Error', message = '', $metadata, $response } = error as S3Failure
  const status = $metadata?.httpStatusCode ?? $response?.statusCode
  const code = codeOf(said, status)
  const retryAfterMs = code === 'unavailable' ? parseRetryAfter($response?.headers?.['retry-after']) : undefined
  return new FileError(code, `${at}: ${wordsOf(said, message, status)}`, {
    cause: error,
    retryAfterMs,
  })
}

function codeOf(said: string, status: number | undefined): FileErrorCode {
  // Without an answer: the network, or nobody who says who we are at the moment.
  if (status === undefined || WORTH_ANOTHER_TRY.has(said)) return 'unavailable'
  if (status === 501) return 'refused'
  if (status >= 500 || status === 408 || status === 429 || status === 409) return 'unavailable'
  return BAD_NAMES.has(said) ? 'bad_name' : 'refused'
}

function wordsOf(said: string, message: string, status: number | undefined): string {
  if (said === 'CredentialsProviderError') return 'neither the config nor the environment has keys for it.'
  const what =
    status === undefined ? message || said : `${status} ${said}${message && message !== said ? `, ${message}` : ''}`
  return /[.!?]$/.test(what) ? what : `${what}.`
}
