import { randomBytes } from 'node:crypto'
import { createServer } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { s3Files } from '@/lib/files'
import type { S3Options } from '@/lib/files/s3-options'
import { KEYS, REGION, refuse, startS3 } from '@/tests/support/s3-server'

const s3 = await startS3(['bakery'])
afterAll(() => s3.close())
afterEach(() => {
  s3.intercept = undefined
})

const bytes = Buffer.from('croissant')
const open = (more: Partial<S3Options> = {}) =>
  s3Files({ bucket: 'bakery', region: REGION, endpoint: `http://127.0.0.1:${s3.port}`, ...KEYS, ...more })
const failure = (more: Partial<S3Options>, name = 'a.txt') =>
  open(more)
    .write(name, bytes)
    .then(
      () => undefined,
      (error) => error,
    )

test('an object lies under the prefix, with its media type, written by one call', async () => {
  s3.requests.length = 0
  await open({ prefix: 'kontor/files/' }).write('a b.csv', bytes, { contentType: 'text/csv' })
  expect(s3.objects.get('bakery/kontor/files/a b.csv')).toEqual({ content: bytes, contentType: 'text/csv' })
  expect(s3.requests).toEqual(['PUT /bakery/kontor/files/a b.csv'])
})

test('eight megabytes arrive as they were', async () => {
  const large = randomBytes(8 * 1024 * 1024)
  await open().write('large.bin', large)
  expect(s3.objects.get('bakery/large.bin')!.content.equals(large)).toBe(true)
  const { size, stream } = (await open().read('large.bin'))!
  expect(size).toBe(large.byteLength)
  expect((await buffer(stream)).equals(large)).toBe(true)
})

test('keys come from the environment where the config has none', async () => {
  process.env.AWS_ACCESS_KEY_ID = KEYS.accessKeyId
  process.env.AWS_SECRET_ACCESS_KEY = KEYS.secretAccessKey
  try {
    await open({ accessKeyId: undefined, secretAccessKey: undefined }).write('env.txt', bytes)
    expect(s3.objects.has('bakery/env.txt')).toBe(true)
  } finally {
    delete process.env.AWS_ACCESS_KEY_ID
    delete process.env.AWS_SECRET_ACCESS_KEY
  }
})

describe('for good', () => {
  test.each<[string, Partial<S3Options>]>([
    ['NoSuchBucket', { bucket: 'butchery' }],
    ['InvalidAccessKeyId', { accessKeyId: 'SOMEBODY' }],
    ['SignatureDoesNotMatch', { secretAccessKey: 'a guess' }],
    ['AuthorizationHeaderMalformed', { region: 'us-west-2' }],
  ])('%s', async (code, options) => {
    const error = await failure(options)
    expect(error).toMatchObject({ name: 'FileError', code: 'refused', permanent: true, retryAfterMs: undefined })
    expect(error.message).toContain(code)
    expect(error.message).toContain('a.txt')
  })

  test.each([
    [403, 'AccessDenied', 'refused'],
    [400, 'EntityTooLarge', 'refused'],
    [301, 'PermanentRedirect', 'refused'],
    [501, 'NotImplemented', 'refused'],
    [400, 'KeyTooLongError', 'bad_name'],
  ])('an answer of %i %s', async (status, said, code) => {
    s3.intercept = (request, response) => {
      request.resume()
      refuse(response, status, said)
      return true
    }
    expect(await failure({})).toMatchObject({ code, permanent: true, message: expect.stringContaining(said) })
  })
})

describe('for now', () => {
  test.each([
    [503, 'SlowDown'],
    [500, 'InternalError'],
    [429, 'TooManyRequests'],
    [409, 'ConditionalRequestConflict'],
    [400, 'RequestTimeout'],
    [403, 'RequestTimeTooSkewed'],
    [400, 'ExpiredToken'],
    [400, 'BadDigest'],
  ])('an answer of %i %s', async (status, said) => {
    s3.requests.length = 0
    let calls = 0
    s3.intercept = (request, response) => {
      calls++
      request.resume()
      refuse(response, status, said)
      return true
    }
    expect(await failure({})).toMatchObject({
      code: 'unavailable',
      permanent: false,
      message: expect.stringContaining(said),
    })
    expect(calls).toBe(1) // when to try again is the caller's to say
  })

  test('an answer that is not S3’s, such as a proxy’s page', async () => {
    s3.intercept = (request, response) => {
      request.resume()
      response.writeHead(502, { 'content-type': 'text/html' }).end('<html><body>Bad gateway</body>')
      return true
    }
    expect(await failure({})).toMatchObject({ code: 'unavailable', message: expect.stringContaining('502') })
  })

  test.each([
    ['seconds', () => '120'],
    ['a date', () => new Date(Date.now() + 120_500).toUTCString()],
  ])('Retry-After in %s is handed on', async (_form, header) => {
    s3.intercept = (request, response) => {
      request.resume()
      refuse(response, 503, 'SlowDown', { 'retry-after': header() })
      return true
    }
    const { retryAfterMs } = await failure({})
    expect(retryAfterMs).toBeGreaterThan(100_000)
    expect(retryAfterMs).toBeLessThanOrEqual(121_000)
  })

  test('a server that is away, one that hangs up, and one that never answers', async () => {
    const closed = await new Promise<number>((resolve) => {
      const server = createServer().listen(0, '127.0.0.1', () => {
        const { port } = server.address() as { port: number }
        server.close(() => resolve(port))
      })
    })
    expect(await failure({ endpoint: `http://127.0.0.1:${closed}` })).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('ECONNREFUSED'),
    })
    s3.intercept = (request) => {
      request.socket.destroy()
      return true
    }
    expect(await failure({})).toMatchObject({ code: 'unavailable', permanent: false })
    s3.intercept = () => true
    expect(await failure({ timeout: '200ms' })).toMatchObject({
      code: 'unavailable',
      message: 'a.txt in the bucket bakery: no answer within 200ms.',
    })
  })
})

test('the signal ends a call that is under way, with its own reason, and leaves nothing', async () => {
  const controller = new AbortController()
  const arrived = new Promise<void>((resolve) => {
    s3.intercept = () => {
      resolve()
      return true
    }
  })
  const written = open().write('aborted.txt', Buffer.alloc(5_000_000), { signal: controller.signal })
  await arrived
  controller.abort(new Error('the lease is lost'))
  await expect(written).rejects.toThrow('the lease is lost')
  expect(s3.objects.has('bakery/aborted.txt')).toBe(false)
})

test('an upload torn on its way is no object', async () => {
  const controller = new AbortController()
  s3.intercept = (request) => {
    request.once('data', () => controller.abort(new Error('torn')))
    return false
  }
  await expect(open().write('torn.bin', Buffer.alloc(20_000_000), { signal: controller.signal })).rejects.toThrow(
    'torn',
  )
  await sleep(50)
  expect(s3.objects.has('bakery/torn.bin')).toBe(false)
})

describe('a config with mistakes', () => {
  const checked = (options: object) =>
    s3Files(options as S3Options)
      .check()
      .map(({ option, message }) => `${option}: ${message}`)

  test('is told each of them', () => {
    expect(checked({ bucket: 'bakery', region: 'eu-central-1' })).toEqual([])
    expect(checked({ bucket: 'bakery', endpoint: 'https://minio.internal:9000', prefix: 'a/b/' })).toEqual([])
    expect(checked({ bucket: undefined, region: 'eu central 1' })).toEqual([
      'bucket: bucket is not given',
      'region: region is no name of a region',
    ])
    expect(checked({ bucket: 'bakery' })).toEqual(['region: neither a region nor an endpoint is given'])
    expect(checked({ bucket: 'B_', region: 'x' })).toEqual(['bucket: bucket is no name of a bucket'])
    expect(checked({ bucket: 'bakery', endpoint: 'minio:9000' })).toEqual([
      'endpoint: endpoint is not the http(s) address of a server',
    ])
    expect(checked({ bucket: 'bakery', endpoint: 'https://minio/bakery' })).toHaveLength(1)
    expect(checked({ bucket: 'bakery', region: 'x', prefix: '/a' })).toEqual(['prefix: prefix is no relative path'])
    expect(checked({ bucket: 'bakery', region: 'x', timeout: 'soon' })).toEqual(['timeout: timeout is no span of time'])
    expect(checked({ bucket: 'bakery', region: 'x', accessKeyId: 'a' })).toEqual([
      'secretAccessKey: accessKeyId is given without secretAccessKey',
    ])
    expect(checked({ bucket: 'bakery', region: 'x', sessionToken: 'a' })).toEqual([
      'sessionToken: sessionToken is given without keys',
    ])
    expect(checked({ bucket: 'bakery', region: 'x', regoin: 'y' })).toEqual(['regoin: there is no option “regoin”'])
    expect(checked(undefined as never)).toHaveLength(1)
  })
})
