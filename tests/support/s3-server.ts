import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { type Keys, sha256, signatureFault } from './s3-signature'

export const KEYS: Keys = { accessKeyId: 'AKIATESTS', secretAccessKey: 'the secret/key+of the tests' }
export const REGION = 'eu-central-1'

interface StoredObject {
  content: Buffer
  contentType: string
}

export interface S3Server {
  port: number
  /** By 'bucket/key'. */
  objects: Map<string, StoredObject>
  /** Requests that came, 'PUT /bucket/key'. */
  requests: string[]
  /** Answers in place of the server, until it is undefined again. Returns false where the server shall go on. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined
  close(): Promise<void>
}

/**
 * As much of S3 as a file needs, over real HTTP, and strict: signatures, digests, lengths, conditions and codes as Amazon's
 * reference has them. Buckets in the path, or in the host's first label ('bucket.localhost').
 */
export async function startS3(buckets: readonly string[]): Promise<S3Server> {
  const state: S3Server = { port: 0, objects: new Map(), requests: [], intercept: undefined, close: async () => {} }
  const server = createServer((request, response) => {
    if (state.intercept?.(request, response)) return
    buffer(request).then(
      (body) => answer(request, response, body),
      () => response.destroy(), // the sender went away: nothing of it is kept
    )
  })

  function answer(request: IncomingMessage, response: ServerResponse, body: Buffer): ServerResponse {
    const { method = '', url = '', headers } = request
    const [, first = '', ...rest] = new URL(url, 'http://s3').pathname.split('/').map(decodeURIComponent)
    const host = /^([^.]+)\.localhost:/.exec(headers.host ?? '')?.[1]
    const [bucket, key] = host ? [host, [first, ...rest].join('/')] : [first, rest.join('/')]
    state.requests.push(`${method} /${bucket}/${key}`)
    const flat = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
    const fault = signatureFault({ method, url, headers: flat }, body, KEYS, REGION)
    if (fault) return refuse(response, fault === 'XAmzContentSHA256Mismatch' ? 400 : 403, fault)
    if (!buckets.includes(bucket)) return refuse(response, 404, 'NoSuchBucket')
    if (Buffer.byteLength(key) > 1024) return refuse(response, 400, 'KeyTooLongError')
    const name = `${bucket}/${key}`
    const existing = state.objects.get(name)
    if (method === 'PUT') {
      if (headers['content-length'] === undefined) return refuse(response, 411, 'MissingContentLength')
      if (headers['if-none-match'] === '*' && existing) return refuse(response, 412, 'PreconditionFailed')
      const contentType = headers['content-type'] ?? 'binary/octet-stream'
      state.objects.set(name, { content: body, contentType })
      return response.writeHead(200, { etag: `"${sha256(body)}"` }).end()
    }
    if (method === 'GET') {
      if (!existing) return refuse(response, 404, 'NoSuchKey')
      const { content, contentType } = existing
      return response.writeHead(200, { 'content-type': contentType, 'content-length': content.byteLength }).end(content)
    }
    if (method === 'DELETE') {
      state.objects.delete(name)
      return response.writeHead(204).end()
    }
    return refuse(response, 405, 'MethodNotAllowed')
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  state.port = (server.address() as AddressInfo).port
  state.close = () =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return state
}

/** An error as S3 writes it. */
export function refuse(
  response: ServerResponse,
  status: number,
  code: string,
  headers: Record<string, string> = {},
): ServerResponse {
  return response
    .writeHead(status, { 'content-type': 'application/xml', ...headers })
    .end(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>said ${code}</Message></Error>`)
}
