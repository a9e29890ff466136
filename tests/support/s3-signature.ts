import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** A request as it came over the wire. */
export interface SignedRequest {
  method: string
  /** Path and query, as sent. */
  url: string
  /** By lower-cased name. */
  headers: Readonly<Record<string, string | undefined>>
}

export interface Keys {
  accessKeyId: string
  secretAccessKey: string
}

/** What is wrong with a signature, in the words of S3; undefined where nothing is. */
export type SignatureFault =
  | 'AccessDenied'
  | 'AuthorizationHeaderMalformed'
  | 'InvalidAccessKeyId'
  | 'SignatureDoesNotMatch'
  | 'RequestTimeTooSkewed'
  | 'XAmzContentSHA256Mismatch'

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=(?<id>[^/]+)\/(?<day>\d{8})\/(?<region>[^/]+)\/s3\/aws4_request, ?SignedHeaders=(?<names>[\w;-]+), ?Signature=(?<signature>[0-9a-f]{64})$/
const MOST_SKEW_MS = 15 * 60_000

/** Checks an AWS Signature Version 4 in the Authorization header, with the whole body signed. */
export function signatureFault(
  { method, url, headers }: SignedRequest,
  body: Buffer,
  keys: Keys,
  region: string,
  now = Date.now(),
): SignatureFault | undefined {
  if (!headers.authorization) return 'AccessDenied'
  const parts = AUTHORIZATION.exec(headers.authorization)?.groups
  if (!parts || parts.region !== region) return 'AuthorizationHeaderMalformed'
  if (parts.id !== keys.accessKeyId) return 'InvalidAccessKeyId'
  const at = headers['x-amz-date'] ?? ''
  const names = parts.names!.split(';')
  const needed = ['host', ...Object.keys(headers).filter((name) => name.startsWith('x-amz-'))]
  if (!needed.every((name) => names.includes(name)) || !at.startsWith(parts.day!)) return 'AccessDenied'
  const sent = Date.parse(at.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
  if (!(Math.abs(now - sent) <= MOST_SKEW_MS)) return 'RequestTimeTooSkewed'
  const digest = headers['x-amz-content-sha256'] ?? ''
  if (digest !== sha256(body)) return 'XAmzContentSHA256Mismatch'

  const scope = `${parts.day}/${region}/s3/aws4_request`
  const canonical = [
    method,
    ...canonicalAddress(url),
    ...names.map((name) => `${name}:${headers[name]?.trim().replace(/ +/g, ' ')}`),
    '',
    parts.names,
    digest,
  ].join('\n')
  const toSign = ['AWS4-HMAC-SHA256', at, scope, sha256(canonical)].join('\n')
  const key = [parts.day!, region, 's3', 'aws4_request'].reduce<string | Buffer>(
    (secret, part) => hmac(secret, part),
    `AWS4${keys.secretAccessKey}`,
  )
  const expected = hmac(key, toSign)
  return timingSafeEqual(expected, Buffer.from(parts.signature!, 'hex')) ? undefined : 'SignatureDoesNotMatch'
}

/** Path and query as they are signed: each encoded once, the query in order. */
function canonicalAddress(url: string): [string, string] {
  const [path = '', query = ''] = url.split('?')
  const encode = (text: string) =>
    encodeURIComponent(decodeURIComponent(text)).replace(
      /[!'()*]/g,
      (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
    )
  const pairs = query.split('&').filter(Boolean)
  const sorted = pairs.map((pair) => {
    const [name = '', value = ''] = pair.split('=')
    return `${encode(name)}=${encode(value)}`
  })
  return [path.split('/').map(encode).join('/'), sorted.toSorted().join('&')]
}

export const sha256 = (content: string | Buffer) => createHash('sha256').update(content).digest('hex')
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()
