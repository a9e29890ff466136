import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text as readText } from 'node:stream/consumers'
import { SMTPServer } from 'smtp-server'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { isPrivate } from '@/lib/effects/builtin/addresses'
import { builtInHandlers } from '@/lib/effects/builtin/built-in'
import { isSigned } from '@/lib/effects/http/signature'
import { createTestDatabase } from '@/tests/support/database'
import { effectCarrier, effectsWorkers } from '@/tests/support/effects'

const db = await createTestDatabase()
const start = await effectsWorkers(db)
const carryOut = effectCarrier(db)
const WEBHOOK_SECRET = 'whsec of the tests'

interface Mail {
  from: string
  to: string[]
  raw: string
}
const mails: Mail[] = []
let refusal: { code: number; times: number } | undefined
const smtp = new SMTPServer({
  authOptional: true,
  disabledCommands: ['STARTTLS'],
  onRcptTo({ address }, _session, done) {
    if (address.startsWith('nobody')) return done(Object.assign(new Error('no such mailbox'), { responseCode: 550 }))
    if (refusal && refusal.times-- > 0) return done(Object.assign(new Error('not now'), { responseCode: refusal.code }))
    done()
  },
  onData(stream, session, done) {
    readText(stream).then((raw) => {
      const { mailFrom, rcptTo } = session.envelope
      mails.push({ from: mailFrom ? mailFrom.address : '', to: rcptTo.map(({ address }) => address), raw })
      done()
    }, done)
  },
})
const smtpPort = await new Promise<number>((resolve) => {
  const server = smtp.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
})

interface Call {
  method: string
  url: string
  headers: IncomingMessage['headers']
  body: string
}
let calls: Call[] = []
let respond: (call: Call, response: ServerResponse) => void = (_call, response) => response.end('ok')
const receiver = () => {
  const server = createServer((request, response) => {
    void readText(request).then((body) => {
      const call = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body }
      calls.push(call)
      respond(call, response)
    })
  })
  return new Promise<{ port: number; close: () => void }>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      resolve({ port, close: () => server.close() })
    })
  })
}
const [home, other] = [await receiver(), await receiver()]
const at = (where = '/', port = home.port) => `http://127.0.0.1:${port}${where}`

const folder = await mkdtemp(path.join(tmpdir(), 'kontor-files-'))

await start(
  builtInHandlers({
    email: { smtpUrl: `smtp://127.0.0.1:${smtpPort}?ignoreTLS=true`, from: 'Corner Bakery <bakery@example.org>' },
    http: {
      secret: WEBHOOK_SECRET,
      secrets: { partner: 'the secret of a partner' },
      allow: ['127.0.0.1'],
      responseLimit: 100,
    },
  }),
)
afterAll(async () => {
  home.close()
  other.close()
  await new Promise<void>((resolve) => smtp.close(() => resolve()))
  await rm(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  // What failed in the test before would be tried again in this one.
  await db.app.sql`update kontor.effects set status = 'cancelled' where status in ('failed', 'pending')`
  calls = []
  respond = (_call, response) => response.end('ok')
  refusal = undefined
})

describe('email.send', () => {
  test('delivers over SMTP to everybody named, with one Message-ID for all attempts', async () => {
    refusal = { code: 451, times: 1 }
    const email = {
      to: ['a@example.org', 'B <b@example.org>'],
      bcc: 'c@example.org',
      subject: 'Grüße 🥐',
      text: 'Hallo',
      html: '<b>Hallo</b>',
    }
    const attachments = [{ filename: 'bill.txt', content: Buffer.from('12 €').toString('base64'), encoding: 'base64' }]
    const row = await carryOut('email.send', { ...email, attachments }, ['completed', 'dead'])
    expect(row).toMatchObject({ status: 'completed' })
    const mail = mails.at(-1)!
    expect(mail.to.toSorted()).toEqual(
      ['a@example.org', 'b@example.org', 'c@example.org'].filter((to) => mail.to.includes(to)),
    )
    expect(mail.from).toBe('bakery@example.org')
    expect(mail.raw).toContain(`Message-ID: <${row.id}@example.org>`)
    expect(mail.raw).toContain('filename=bill.txt')
    // As a word: the Message-ID's own id may end in c.
    expect(mail.raw).not.toMatch(/\bc@example\.org/)
  })

  test('gives up at once where the server says so for good, and tries again where it says not now', async () => {
    expect(await carryOut('email.send', { to: 'nobody@example.org', subject: 's', text: 't' })).toMatchObject({
      status: 'dead',
      attempts: 1,
      last_error: expect.stringContaining('550'),
    })
    refusal = { code: 450, times: 100 }
    expect(await carryOut('email.send', { to: 'a@example.org', subject: 's', text: 't' })).toMatchObject({
      status: 'failed',
    })
    refusal = undefined
  })

  test.each([
    ['a line break in the subject', { to: 'a@example.org', subject: 'x\r\nBcc: evil@example.org', text: '' }],
    ['a line break in an address', { to: 'a@example.org\nb@example.org', subject: 's', text: '' }],
    ['two addresses in one', { to: 'a@example.org, b@example.org', subject: 's', text: '' }],
    ['no text', { to: 'a@example.org', subject: 's' }],
    [
      'an attachment by path',
      { to: 'a@example.org', subject: 's', text: '', attachments: [{ filename: 'x', path: '/etc/passwd' }] },
    ],
  ])('%s is refused', async (_what, payload) => {
    const before = mails.length
    expect(await carryOut('email.send', payload)).toMatchObject({ status: 'dead', attempts: 1 })
    expect(mails.length).toBe(before)
  })

  test('a site without a server says so', async () => {
    const { 'email.send': bare } = builtInHandlers()
    const worker = await start({ 'bare.email': bare! })
    const row = await carryOut('bare.email', { to: 'a@example.org', subject: 's', text: 't' })
    expect(row).toMatchObject({ status: 'dead', last_error: expect.stringContaining('No SMTP server') })
    await worker.end()
  })

  test('a site with a folder in place of a server keeps the message there, and says that it was not sent', async () => {
    const kept = path.join(folder, 'mail')
    const { 'email.send': toFolder } = builtInHandlers({ email: { folder: kept, from: 'bakery@example.org' } })
    const worker = await start({ 'kept.email': toFolder! })
    const before = mails.length
    const row = await carryOut('kept.email', { to: 'a@example.org', subject: 'Grüße', text: 'Hallo' })
    const file = path.join(kept, `${row.id}.eml`)
    expect(row.completion_payload).toMatchObject({ isDelivered: false, file })
    const raw = await readFile(file, 'utf8')
    expect(raw).toMatch(/^To: a@example\.org\r$/m)
    expect(raw).toContain(`Message-ID: <${row.id}@example.org>`)
    expect(mails.length).toBe(before)
    await worker.end()
  })
})

describe('http.request', () => {
  test('sends a signed body and keeps the answer up to its limit', async () => {
    respond = (_call, response) => response.writeHead(201, { 'content-type': 'text/plain' }).end('x'.repeat(500))
    const row = await carryOut('http.request', {
      url: at('/hook?a=1'),
      body: { paid: true },
      headers: { 'X-Own': 'yes' },
    })
    expect(row).toMatchObject({ status: 'completed', completion_payload: { status: 201, isTruncated: true } })
    expect(row.completion_payload.body).toBe('x'.repeat(100))
    const [call] = calls
    expect(call).toMatchObject({ method: 'POST', url: '/hook?a=1', body: '{"paid":true}' })
    expect(call!.headers).toMatchObject({
      'content-type': 'application/json',
      'x-own': 'yes',
      'idempotency-key': row.id,
    })
    const signature = String(call!.headers['x-kontor-signature'])
    expect(isSigned(signature, call!.body, WEBHOOK_SECRET, Date.now())).toBe(true)
    expect(isSigned(signature, `${call!.body} `, WEBHOOK_SECRET, Date.now())).toBe(false)
  })

  test('signs with the secret the payload names, and knows no others', async () => {
    await carryOut('http.request', { url: at(), body: 1, secret: 'partner' })
    expect(isSigned(String(calls[0]!.headers['x-kontor-signature']), '1', 'the secret of a partner', Date.now())).toBe(
      true,
    )
    expect(await carryOut('http.request', { url: at(), secret: 'toString' })).toMatchObject({ status: 'dead' })
    expect(calls).toHaveLength(1)
  })

  test.each([
    [500, 'failed'],
    [503, 'failed'],
    [429, 'failed'],
    [408, 'failed'],
    [400, 'dead'],
    [404, 'dead'],
    [401, 'dead'],
    [304, 'dead'],
  ])('an answer of %i makes it %s', async (status, state) => {
    respond = (_call, response) => response.writeHead(status).end('because')
    const row = await carryOut('http.request', { url: at() })
    expect(row).toMatchObject({ status: state, last_error: expect.stringContaining(`answered ${status}`) })
  })

  test.each([
    ['seconds', () => '120'],
    ['a date', () => new Date(Date.now() + 120_000).toUTCString()],
  ])('Retry-After in %s is respected', async (_form, header) => {
    respond = (_call, response) => response.writeHead(503, { 'retry-after': header() }).end()
    const row = await carryOut('http.request', { url: at() })
    expect(row.wait).toBeGreaterThan(100)
    expect(row.wait).toBeLessThan(125)
  })

  test('a connection nobody takes is tried again', async () => {
    expect(await carryOut('http.request', { url: at('/', 1) })).toMatchObject({
      status: 'failed',
      last_error: expect.stringContaining('ECONNREFUSED'),
    })
  })

  test('redirects keep or drop the body by their code, and another origin gets no secrets', async () => {
    respond = ({ url }, response) => {
      if (url === '/303') response.writeHead(303, { location: '/landed' }).end()
      else if (url === '/307') response.writeHead(307, { location: at('/landed', other.port) }).end()
      else response.end('landed')
    }
    const headers = { Authorization: 'Bearer x' }
    expect(await carryOut('http.request', { url: at('/303'), body: 1, headers })).toMatchObject({ status: 'completed' })
    expect(calls[1]).toMatchObject({ method: 'GET', url: '/landed', body: '' })
    expect(calls[1]!.headers.authorization).toBe('Bearer x')
    await carryOut('http.request', { url: at('/307'), body: 1, headers })
    expect(calls[3]).toMatchObject({ method: 'POST', url: '/landed', body: '1' })
    expect(calls[3]!.headers).not.toHaveProperty('authorization')
    expect(calls[3]!.headers).not.toHaveProperty('x-kontor-signature')
  })

  test('redirects in a circle, to a private address or to another protocol end it', async () => {
    respond = ({ url }, response) => {
      const to: Record<string, string> = {
        '/circle': '/circle',
        '/private': 'http://10.0.0.1/',
        '/file': 'file:///etc/passwd',
      }
      response.writeHead(302, { location: to[url] }).end()
    }
    for (const where of ['/circle', '/private', '/file']) {
      expect(await carryOut('http.request', { url: at(where) })).toMatchObject({ status: 'dead' })
    }
    expect(calls.length).toBe(4 + 1 + 1)
  })

  test.each([
    'http://127.0.0.2/',
    'http://0x7f.2/',
    'http://2130706434/',
    'http://10.1.2.3/',
    'http://169.254.169.254/latest/meta-data',
    'http://[::1]/',
    'http://[::ffff:127.0.0.2]/',
    'http://[fe80::1]/',
    'http://[fd00::1]/',
    'http://[64:ff9b::7f00:1]/',
    'http://0.0.0.0/',
  ])('%s is private and refused', async (url) => {
    const row = await carryOut('http.request', { url })
    expect(row).toMatchObject({ status: 'dead', last_error: expect.stringContaining('private address') })
  })

  test.each([
    ['another protocol', { url: 'ftp://example.org/' }],
    ['credentials in the address', { url: 'http://user:pass@example.org/' }],
    ['a header of ours', { url: 'http://example.org/', headers: { 'X-Kontor-Signature': 'x' } }],
    ['a header that is the connection’s', { url: 'http://example.org/', headers: { host: 'x' } }],
    ['an unknown method', { url: 'http://example.org/', method: 'TRACE' }],
  ])('%s is refused', async (_what, payload) => {
    expect(await carryOut('http.request', payload)).toMatchObject({ status: 'dead', attempts: 1 })
    expect(calls).toHaveLength(0)
  })

  test('a name that leads to this machine is refused where nothing is allowed', async () => {
    const worker = await start({ 'bare.request': builtInHandlers()['http.request']! })
    const row = await carryOut('bare.request', { url: `http://localhost:${home.port}/` })
    expect(row).toMatchObject({ status: 'dead', last_error: expect.stringContaining('private address') })
    expect(calls).toHaveLength(0)
    await worker.end()
  })

  test('public addresses are public', () => {
    for (const address of ['1.1.1.1', '8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00::1']) {
      expect([address, isPrivate(address)]).toEqual([address, false])
    }
  })
})

test('log writes a line and completes', async () => {
  expect(await carryOut('log', { message: 'hello', level: 'warn', data: { a: 1 } })).toMatchObject({
    status: 'completed',
    completion_payload: { logged: 'hello' },
  })
})
