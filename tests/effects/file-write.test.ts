import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { builtInHandlers } from '@/lib/effects/builtin/built-in'
import { localFiles, s3Files } from '@/lib/files'
import { createTestDatabase } from '@/tests/support/database'
import { effectCarrier, effectsWorkers } from '@/tests/support/effects'
import { KEYS, REGION, refuse, startS3 } from '@/tests/support/s3-server'

const db = await createTestDatabase()
const start = await effectsWorkers(db)
const carryOut = effectCarrier(db)

const folder = await mkdtemp(path.join(tmpdir(), 'kontor-files-'))
const root = path.join(folder, 'files')
const s3 = await startS3(['bakery'])
const bucket = { bucket: 'bakery', region: REGION, endpoint: `http://127.0.0.1:${s3.port}`, prefix: 'kept', ...KEYS }
const writer = (files: Parameters<typeof builtInHandlers>[0]) => builtInHandlers(files)['file.write']!

await start({
  'file.write': writer({ files: localFiles(root) }),
  'bucket.write': writer({ files: s3Files(bucket) }),
  'slow.write': writer({ files: s3Files({ ...bucket, timeout: '300ms' }) }),
  'guess.write': writer({ files: s3Files({ ...bucket, secretAccessKey: 'a guess' }) }),
  'bare.write': writer({}),
})
afterAll(async () => {
  await s3.close()
  await rm(folder, { recursive: true, force: true })
})
afterEach(async () => {
  s3.intercept = undefined
  // What failed in one test would be tried again in the next.
  await db.app.sql`update kontor.effects set status = 'cancelled' where status in ('failed', 'pending')`
})

describe('into a folder', () => {
  test('writes text and bytes into the site’s files, whole', async () => {
    const text = await carryOut('file.write', { name: 'exports/2030/a.txt', text: 'größer' })
    const bytes = await carryOut('file.write', { name: 'b.bin', base64: Buffer.from([0, 255, 1]).toString('base64') })
    expect(text.completion_payload).toMatchObject({ bytes: 8, name: 'exports/2030/a.txt' })
    expect(bytes.status).toBe('completed')
    expect(await readFile(path.join(root, 'exports/2030/a.txt'), 'utf8')).toBe('größer')
    expect([...(await readFile(path.join(root, 'b.bin')))]).toEqual([0, 255, 1])
    expect(await readdir(root)).toEqual(['b.bin', 'exports'])
  })

  test('replaces unless told not to, and an attempt repeated finds its own file', async () => {
    const keep = { name: 'keep.txt', text: 'one', replace: false }
    expect((await carryOut('file.write', keep)).status).toBe('completed')
    expect((await carryOut('file.write', keep)).status).toBe('completed')
    expect((await carryOut('file.write', { ...keep, text: 'two' })).status).toBe('dead')
    expect((await carryOut('file.write', { ...keep, text: 'two', replace: true })).status).toBe('completed')
    expect(await readFile(path.join(root, 'keep.txt'), 'utf8')).toBe('two')
  })

  test.each(['../out.txt', 'a/../../out.txt', '/etc/out.txt', 'a//b', '.hidden', 'a/.git/b', 'a\\b', 'a\0b', ''])(
    'the name %j is refused',
    async (name) => {
      // jsonb holds no NUL: such a name cannot even be asked for.
      if (name.includes('\0')) return expect(carryOut('file.write', { name, text: '' })).rejects.toThrow('NUL')
      expect(await carryOut('file.write', { name, text: 'x' })).toMatchObject({ status: 'dead', attempts: 1 })
    },
  )

  test('a name no folder holds, or one that is a folder, is given up at once', async () => {
    for (const name of ['x'.repeat(300), 'exports', 'b.bin/below'])
      expect(await carryOut('file.write', { name, text: 'x' })).toMatchObject({ status: 'dead', attempts: 1 })
    expect((await readdir(root)).filter((name) => name.startsWith('.'))).toEqual([])
  })

  test('a link that leads out of the files is not followed', async () => {
    const outside = path.join(folder, 'outside')
    await mkdir(outside)
    await writeFile(path.join(outside, 'x'), 'safe')
    await symlink(outside, path.join(root, 'link'))
    expect(await carryOut('file.write', { name: 'link/x', text: 'evil' })).toMatchObject({ status: 'dead' })
    expect(await readFile(path.join(outside, 'x'), 'utf8')).toBe('safe')
  })
})

describe('into a bucket', () => {
  test('writes text and bytes, with their media type, under the prefix', async () => {
    const text = { name: 'exports/2030/größe.csv', text: 'größer', contentType: 'text/csv; charset=utf-8' }
    expect((await carryOut('bucket.write', text)).completion_payload).toMatchObject({ bytes: 8, name: text.name })
    expect(s3.objects.get('bakery/kept/exports/2030/größe.csv')).toEqual({
      content: Buffer.from('größer'),
      contentType: text.contentType,
    })
    await carryOut('bucket.write', { name: 'b.bin', base64: Buffer.from([0, 255, 1]).toString('base64') })
    expect([...s3.objects.get('bakery/kept/b.bin')!.content]).toEqual([0, 255, 1])
  })

  test('an attempt whose answer was lost is repeated, and finds its own object', async () => {
    let isFirst = true
    s3.intercept = (_request, response) => {
      // The object is written, and the answer never arrives.
      if (isFirst) response.writeHead = () => response.destroy() as never
      isFirst = false
      return false
    }
    const row = await carryOut('bucket.write', { name: 'once.txt', text: 'one', replace: false }, ['completed', 'dead'])
    expect(row).toMatchObject({ status: 'completed', attempts: 2 })
    expect(s3.objects.get('bakery/kept/once.txt')!.content.toString()).toBe('one')
    const other = await carryOut('bucket.write', { name: 'once.txt', text: 'two', replace: false })
    expect(other).toMatchObject({ status: 'dead', attempts: 1, last_error: expect.stringContaining('exists') })
  })

  test('a server that is busy says when to try again', async () => {
    s3.intercept = (request, response) => {
      request.resume()
      refuse(response, 503, 'SlowDown', { 'retry-after': '120' })
      return true
    }
    const row = await carryOut('bucket.write', { name: 'busy.txt', text: 'x' })
    expect(row).toMatchObject({ status: 'failed', last_error: expect.stringContaining('SlowDown') })
    expect(row.wait).toBeGreaterThan(60)
    expect(row.wait).toBeLessThanOrEqual(120)
  })

  test('a server that does not answer is tried again, one that refuses is not', async () => {
    s3.intercept = () => true
    expect(await carryOut('slow.write', { name: 'slow.txt', text: 'x' })).toMatchObject({
      status: 'failed',
      last_error: expect.stringContaining('no answer within 300ms'),
    })
    s3.intercept = undefined
    expect(await carryOut('guess.write', { name: 'guess.txt', text: 'x' })).toMatchObject({
      status: 'dead',
      attempts: 1,
      last_error: expect.stringContaining('SignatureDoesNotMatch'),
    })
  })

  test.each(['text', 'text/html\r\nx-amz-acl: public-read', 'a/b; c'])('%j is no media type', async (contentType) => {
    expect(await carryOut('bucket.write', { name: 'a.txt', text: 'x', contentType })).toMatchObject({ status: 'dead' })
  })
})

test('a site without files says so', async () => {
  const row = await carryOut('bare.write', { name: 'a.txt', text: 'x' })
  expect(row).toMatchObject({ status: 'dead', last_error: expect.stringContaining('no place for files') })
})
