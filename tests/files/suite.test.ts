import dns from 'node:dns'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterAll, describe, expect, test } from 'vitest'
import { type FileStore, localFiles, s3Files } from '@/lib/files'
import { KEYS, REGION, startS3 } from '@/tests/support/s3-server'

const folder = await mkdtemp(path.join(tmpdir(), 'kontor-files-'))
const s3 = await startS3(['bakery'])
afterAll(async () => {
  await s3.close()
  await rm(folder, { recursive: true, force: true })
})

// Whether names under localhost are known depends on the machine's resolver; here they lead to it.
const { lookup } = dns
dns.lookup = ((host: string, ...rest: never[]) =>
  (lookup as (host: string, ...rest: never[]) => void)(host.replace(/^.*\.localhost$/, 'localhost'), ...rest)) as never
afterAll(() => {
  dns.lookup = lookup
})

const bucket = { bucket: 'bakery', region: REGION, ...KEYS }
const stores: [string, FileStore][] = [
  ['a folder', localFiles(path.join(folder, 'files'))],
  ['a bucket in the path', s3Files({ ...bucket, endpoint: `http://127.0.0.1:${s3.port}`, prefix: 'kept/here' })],
  ['a bucket in the host name', s3Files({ ...bucket, endpoint: `http://localhost:${s3.port}`, pathStyle: false })],
]

/** What every store promises. */
describe.each(stores)('%s', (_where, files) => {
  const bytes = Buffer.from([0, 255, 10, 13, 128])
  const contentOf = async (name: string) => {
    const found = await files.read(name)
    return found && { size: found.size, content: await buffer(found.stream) }
  }

  test('gives back what was written, byte for byte, and knows of nothing else', async () => {
    await files.write('exports/2030/a.bin', bytes)
    expect(await contentOf('exports/2030/a.bin')).toEqual({ size: 5, content: bytes })
    expect(await files.read('exports/2030/b.bin')).toBeUndefined()
    expect(await files.read('exports/2030')).toBeUndefined()
    await files.write('empty.txt', Buffer.alloc(0))
    expect(await contentOf('empty.txt')).toEqual({ size: 0, content: Buffer.alloc(0) })
  })

  test('takes names of any script, with spaces and signs', async () => {
    for (const name of [
      'Grüße an alle/Jänner 100 %.txt',
      "it's (1)+[2]&=?#!*~;,:@$.txt",
      '日本語/🥐.txt',
      'a%2Fb.txt',
    ]) {
      await files.write(name, Buffer.from(name))
      expect((await contentOf(name))?.content.toString()).toBe(name)
    }
  })

  test('writes the same file again, replaces it, and keeps it where it is not to be replaced', async () => {
    await files.write('keep.txt', Buffer.from('one'), { replace: false })
    await files.write('keep.txt', Buffer.from('one'), { replace: false })
    for (const other of ['two', 'one more', '']) {
      await expect(files.write('keep.txt', Buffer.from(other), { replace: false })).rejects.toMatchObject({
        code: 'exists',
        permanent: true,
      })
    }
    expect((await contentOf('keep.txt'))?.content.toString()).toBe('one')
    await files.write('keep.txt', Buffer.from('two'))
    expect((await contentOf('keep.txt'))?.content.toString()).toBe('two')
  })

  test('of many writing one new name at once, one wins', async () => {
    const all = await Promise.allSettled(
      Array.from({ length: 8 }, (_, n) => files.write('race.txt', Buffer.from(`writer ${n}`), { replace: false })),
    )
    const winner = (await contentOf('race.txt'))?.content.toString()
    expect(all[Number(winner?.slice(-1))]?.status).toBe('fulfilled')
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  test('removes a file, and one that is not there', async () => {
    await files.write('gone/a.txt', bytes)
    await files.remove('gone/a.txt')
    await files.remove('gone/a.txt')
    await files.remove('never/was.txt')
    expect(await files.read('gone/a.txt')).toBeUndefined()
  })

  test.each([
    '../out',
    'a/../../out',
    '/etc/out',
    'a//b',
    'a/',
    '.hidden',
    'a/.git/b',
    'a\\b',
    'a\0b',
    'a\nb',
    '',
    '\ud800',
  ])('the name %j is none', async (name) => {
    const refusal = { code: 'bad_name', permanent: true }
    await expect(files.write(name, bytes)).rejects.toMatchObject(refusal)
    await expect(files.read(name)).rejects.toMatchObject(refusal)
    await expect(files.remove(name)).rejects.toMatchObject(refusal)
  })

  test('a name too long is refused for good', async () => {
    await expect(files.write('語'.repeat(400), bytes)).rejects.toMatchObject({ code: 'bad_name' })
    await expect(files.write('x'.repeat(501), bytes)).rejects.toMatchObject({ code: 'bad_name' })
  })

  test('nothing is written once the signal is aborted', async () => {
    const signal = AbortSignal.abort(new Error('stop'))
    await expect(files.write('late.txt', bytes, { signal })).rejects.toThrow(/stop|abort/)
    expect(await files.read('late.txt')).toBeUndefined()
  })
})
