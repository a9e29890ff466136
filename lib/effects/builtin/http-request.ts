import { createHmac } from 'node:crypto'
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { z } from 'zod'
import { type Duration, parseRetryAfter } from '@/lib/db/duration'
import { PermanentError, RetryLaterError } from '../failure'
import { type HandlerContext, type HandlerDefinition, handler } from '../handler'
import { sign } from '../http/signature'
import { type AllowedTargets, resolveTarget } from './addresses'

export interface HttpRequestOptions {
  /** Signs every request, unless its payload names one of `secrets`. See `webhookSecret`. */
  secret?: string
  /** Further secrets by the name a payload's `secret` gives. */
  secrets?: Readonly<Record<string, string>>
  /** Private hosts, addresses and ranges that may be reached all the same. Default none. */
  allow?: AllowedTargets
  /** Bytes of a response that are kept. Default 64 KiB. */
  responseLimit?: number
  /** Default '30s'. */
  timeout?: Duration
}

const MOST_REDIRECTS = 3
const RESPONSE_LIMIT = 64 * 1024

/** Headers a payload may not set: they belong to the connection, or to us. */
const OURS =
  /^(host|content-length|connection|transfer-encoding|upgrade|te|trailer|expect|proxy-.*|x-kontor-.*|idempotency-key)$/i

const shape = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).refine((url) => !new URL(url).username, { error: 'holds a user name' }),
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']).default('POST'),
  headers: z
    .record(z.string().regex(/^[\w!#$%&'*+.^`|~-]+$/), z.string().max(8000))
    .refine((headers) => !Object.keys(headers).some((name) => OURS.test(name)), { error: 'sets a header that is ours' })
    .default({}),
  /** Sent as JSON. */
  body: z.unknown().optional(),
  /** Sent as it is, in place of `body`. */
  text: z.string().optional(),
  /** The name of the secret that signs it. */
  secret: z.string().optional(),
})

type HttpPayload = z.output<typeof shape>

/** What is kept of the answer. */
interface KeptResponse {
  status: number
  url: string
  headers: Record<string, string>
  body: string
  isTruncated: boolean
}

/**
 * The secret webhooks are signed with where none is configured: not the one callers of `/api/effects` use, or whoever
 * receives a webhook could send it there. `printf webhooks | openssl dgst -sha256 -hmac "$KONTOR_EFFECTS_SECRET"`.
 */
export function webhookSecret(effectsSecret: string): string {
  return createHmac('sha256', effectsSecret).update('webhooks').digest('hex')
}

/**
 * `http.request`: one call of another system. 2xx completes; 408, 425, 429 and 5xx are tried again, as is a lost
 * connection; any other answer is permanent. Up to three redirects are followed, each checked like the first address,
 * never from https to http; another origin gets neither the payload's headers nor the signature.
 */
export function httpRequestHandler(options: HttpRequestOptions = {}): HandlerDefinition {
  return handler({
    label: 'HTTP request',
    payload: shape,
    timeout: options.timeout ?? '30s',
    run: (payload, ctx) => call(payload, ctx, options),
  })
}

async function call(payload: HttpPayload, ctx: HandlerContext, options: HttpRequestOptions): Promise<KeptResponse> {
  const secret = secretFor(payload, options)
  let { method } = payload
  let body = method === 'GET' ? undefined : bodyOf(payload)
  let url = new URL(payload.url)
  const { origin } = url
  for (let redirects = 0; ; redirects++) {
    const isHome = url.origin === origin
    const headers = {
      'user-agent': 'Kontor',
      accept: '*/*',
      'accept-encoding': 'identity',
      ...(body && payload.text === undefined ? { 'content-type': 'application/json' } : {}),
      ...(isHome ? lowerCased(payload.headers) : {}),
      'idempotency-key': ctx.idempotencyKey,
      'x-kontor-effect': ctx.id,
      ...(isHome && secret ? { 'x-kontor-signature': sign(body ?? '', secret, ctx.clock.now().getTime()) } : {}),
      ...(body ? { 'content-length': String(body.byteLength) } : {}),
    }
    const response = await send(url, { method, headers, signal: ctx.signal }, body, options)
    const next = redirectOf(response, url)
    if (!next) return judge(response, ctx)
    if (redirects === MOST_REDIRECTS)
      throw new PermanentError(`More than ${MOST_REDIRECTS} redirects, the last to ${next}`)
    if (url.protocol === 'https:' && next.protocol === 'http:') {
      throw new PermanentError(`Redirected from https to ${next}, which is not followed`)
    }
    if (![307, 308].includes(response.status) && method !== 'GET') {
      method = 'GET'
      body = undefined
    }
    url = next
  }
}

function secretFor(payload: HttpPayload, { secret, secrets = {} }: HttpRequestOptions): string | undefined {
  if (payload.secret === undefined) return secret
  const named = Object.hasOwn(secrets, payload.secret) ? secrets[payload.secret] : undefined
  if (!named) throw new PermanentError(`There is no secret named "${payload.secret}"`)
  return named
}

function bodyOf(payload: HttpPayload): Buffer | undefined {
  if (payload.text !== undefined) return Buffer.from(payload.text)
  return payload.body === undefined ? undefined : Buffer.from(JSON.stringify(payload.body))
}

const lowerCased = (headers: Record<string, string>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))

async function send(
  url: URL,
  { method, headers, signal }: { method: string; headers: Record<string, string>; signal: AbortSignal },
  body: Buffer | undefined,
  { allow = [], responseLimit = RESPONSE_LIMIT }: HttpRequestOptions,
): Promise<KeptResponse> {
  const target = await resolveTarget(url.hostname, allow)
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest
  // Connects to the address that was checked; the name stays for the Host header and the certificate.
  const lookup: RequestOptions['lookup'] = (_host, { all }, done) =>
    all ? done(null, [target]) : done(null, target.address, target.family)
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers, signal, lookup, agent: false }, (response) => {
      keep(response, url, responseLimit).then(resolve, reject)
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

async function keep(response: IncomingMessage, url: URL, limit: number): Promise<KeptResponse> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk.subarray(0, limit - size))
    size += chunk.byteLength
    if (size > limit) break // leaving the loop ends the connection
  }
  const kept = ['content-type', 'location', 'retry-after', 'date', 'etag', 'x-request-id']
  const headers = Object.fromEntries(
    kept.flatMap((name) =>
      typeof response.headers[name] === 'string' ? [[name, String(response.headers[name])]] : [],
    ),
  )
  const body = Buffer.concat(chunks).toString('utf8')
  return { status: response.statusCode ?? 0, url: url.href, headers, body, isTruncated: size > limit }
}

function redirectOf({ status, headers }: KeptResponse, from: URL): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(status) || !headers.location) return undefined
  if (!URL.canParse(headers.location, from)) throw new PermanentError(`Redirected to no address: ${headers.location}`)
  const next = new URL(headers.location, from)
  if (!['http:', 'https:'].includes(next.protocol)) throw new PermanentError(`Redirected to ${next.protocol}`)
  return next
}

function judge(response: KeptResponse, ctx: HandlerContext): KeptResponse {
  const { status, headers, body } = response
  if (status >= 200 && status < 300) return response
  const said = `${new URL(response.url).host} answered ${status}: ${body.slice(0, 500)}`
  if (status < 500 && ![408, 425, 429].includes(status)) throw new PermanentError(said)
  const waitMs = parseRetryAfter(headers['retry-after'], ctx.clock.now().getTime())
  if (waitMs !== undefined) throw new RetryLaterError(said, waitMs)
  throw new Error(said)
}
