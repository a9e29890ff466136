import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { NextRequest } from 'next/server'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { assertSameOrigin, noteClientAddresses, readProviders, requestIdOf, safeReturnPath, siteUrl } from '@/lib/auth'
import { pickAddress } from '@/lib/auth/client-address'
import { verifiedEmail } from '@/lib/auth/providers'
import { describeWait } from '@/lib/auth/rate-limits'
import { newCode, normaliseCode } from '@/lib/auth/secrets'
import { config, proxy } from '@/proxy'

describe('assertSameOrigin', () => {
  const env = { siteUrl: 'https://admin.example.test/back' }
  const check = (headers: Record<string, string>) => () => assertSameOrigin({ headers: new Headers(headers) }, env)

  it('accepts the site’s own address and the host the request went to', () => {
    expect(check({ origin: 'https://admin.example.test', host: 'inner:3000' })).not.toThrow()
    expect(check({ origin: 'http://localhost:3000', host: 'localhost:3000' })).not.toThrow()
  })

  it.each([
    ['missing', {}],
    ['null', { origin: 'null' }],
    ['another site', { origin: 'https://evil.example', host: 'admin.example.test' }],
    ['the same host on another port', { origin: 'http://localhost:4000', host: 'localhost:3000' }],
    ['a longer name', { origin: 'https://admin.example.test.evil.example', host: 'admin.example.test' }],
    ['the same name without https', { origin: 'http://admin.example.test', host: 'inner:3000' }],
    ['no address at all', { origin: 'rubbish', host: 'rubbish' }],
    ['a claimed forwarded host', { origin: 'https://evil.example', host: 'inner', 'x-forwarded-host': 'evil.example' }],
  ])('refuses an origin that is %s', (_, headers) => {
    expect(check(headers as Record<string, string>)).toThrow(expect.objectContaining({ code: 'forbidden' }))
  })
})

describe('safeReturnPath', () => {
  it.each(['/admin', '/admin/catalogue/products?f.price=gte:3&page=2#top', '/admin/p/a%20page'])('keeps %s', (path) => {
    expect(safeReturnPath(path)).toBe(path)
  })

  it.each([
    undefined,
    null,
    '',
    '/',
    'https://evil.example/admin',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    'javascript:alert(1)',
    'admin',
    '/sign-in?callbackUrl=/sign-in',
    '/api/auth/signout',
    '/setup',
    `/admin?q=${'x'.repeat(3000)}`,
    '/.//evil.example',
  ])('leads home instead of %j', (path) => {
    expect(safeReturnPath(path)).toBe('/admin')
  })
})

describe('the site’s address', () => {
  it('is NEXTAUTH_URL without next-auth’s own part, or the address listened on', () => {
    expect(siteUrl({ siteUrl: 'https://example.test/back/api/auth/' })).toBe('https://example.test/back')
    expect(siteUrl({ host: '127.0.0.1', port: 4000 })).toBe('http://127.0.0.1:4000')
    expect(siteUrl({ host: '::1' })).toBe('http://[::1]:3000')
    expect(siteUrl({ host: '0.0.0.0' })).toBe('http://localhost:3000')
  })
})

describe('requestIdOf', () => {
  it('keeps a well-formed id and replaces any other', () => {
    const id = (given: string) => requestIdOf(new Headers({ 'x-request-id': given }))
    expect(id('4bf92f3577b34da6')).toBe('4bf92f3577b34da6')
    for (const bad of ['short', 'has spaces in it', '<script>alert(1)</script>', 'x'.repeat(65)]) {
      expect(id(bad)).toMatch(/^[0-9a-f-]{36}$/)
    }
  })
})

describe('client addresses', () => {
  it.each([
    ['no proxy: the socket', '6.6.6.6', '192.0.2.1', 0, '192.0.2.1'],
    ['one proxy: what it appended', '6.6.6.6, 198.51.100.9', '192.0.2.1', 1, '198.51.100.9'],
    ['two proxies', '6.6.6.6, 198.51.100.9, 10.0.0.2', '192.0.2.1', 2, '198.51.100.9'],
    ['fewer hops than proxies: the furthest', '198.51.100.9', '192.0.2.1', 5, '198.51.100.9'],
    ['IPv4 written as IPv6', undefined, '::ffff:192.0.2.1', 0, '192.0.2.1'],
    ['not an address', 'unknown', '192.0.2.1', 1, undefined],
  ])('%s', (_, forwarded, socket, proxies, expected) => {
    expect(pickAddress(forwarded, socket, proxies)).toBe(expected)
  })

  it('are noted on real requests before anything else sees them, whatever the client claims', async () => {
    const stop = noteClientAddresses()
    const server = createServer((request, response) => response.end(JSON.stringify(request.headers)))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    try {
      const answer = await fetch(url, {
        headers: { 'x-forwarded-for': '6.6.6.6', 'x-kontor-client-address': '6.6.6.6' },
      })
      const seen = (await answer.json()) as Record<string, string>
      expect(seen['x-kontor-client-address']).toBe('127.0.0.1')
      expect(seen['x-forwarded-for']).toBeUndefined()
    } finally {
      stop()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  })
})

describe('proxy', () => {
  afterEach(() => vi.unstubAllEnvs())

  const answer = (url = 'http://localhost:3000/admin/catalogue?page=2', headers: Record<string, string> = {}) =>
    proxy(new NextRequest(url, { headers }))

  it('gives every page a policy with a nonce of its own, and tells the application', () => {
    const [one, two] = [answer(), answer()]
    const policy = one.headers.get('content-security-policy') ?? ''
    const nonce = /script-src 'nonce-([0-9a-f]{32})' 'strict-dynamic'/.exec(policy)?.[1]
    expect(nonce).toBeDefined()
    expect(policy).toBe(
      `default-src 'self'; script-src 'nonce-${nonce}' 'strict-dynamic'; style-src 'self' 'nonce-${nonce}'; ` +
        "style-src-attr 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; " +
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    )
    expect(one.headers.get('x-middleware-request-x-nonce')).toBe(nonce)
    expect(one.headers.get('x-middleware-request-content-security-policy')).toBe(policy)
    expect(two.headers.get('content-security-policy')).not.toBe(policy)
  })

  it('replaces a nonce and a path a client made up', () => {
    const response = answer(undefined, { 'x-nonce': 'mine', 'x-kontor-path': '//evil.example' })
    expect(response.headers.get('x-middleware-request-x-nonce')).not.toBe('mine')
    expect(response.headers.get('x-middleware-request-x-kontor-path')).toBe('/admin/catalogue?page=2')
  })

  it('allows evaluation and foreign styles in development only', () => {
    expect(answer().headers.get('content-security-policy')).not.toContain('unsafe-eval')
    expect(answer().headers.get('content-security-policy')).not.toContain("style-src 'self' 'unsafe-inline'")
    vi.stubEnv('NODE_ENV', 'development')
    expect(answer().headers.get('content-security-policy')).toContain("'strict-dynamic' 'unsafe-eval'")
    expect(answer().headers.get('content-security-policy')).toContain("style-src 'self' 'unsafe-inline';")
  })

  it('sends the usual security headers, and HSTS under https only', () => {
    const { headers } = answer()
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('strict-origin-when-cross-origin')
    expect(headers.get('permissions-policy')).toContain('camera=()')
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect(headers.get('strict-transport-security')).toBeNull()
    vi.stubEnv('NEXTAUTH_URL', 'https://admin.example.test')
    expect(answer().headers.get('strict-transport-security')).toBe('max-age=31536000')
  })

  it('names the request for the application and the answer alike', () => {
    const { headers } = answer(undefined, { 'x-request-id': 'trace-12345678' })
    expect(headers.get('x-request-id')).toBe('trace-12345678')
    expect(headers.get('x-middleware-request-x-request-id')).toBe('trace-12345678')
  })

  it('leads addresses that cannot be decoded to where nothing is', () => {
    const to = (path: string) =>
      proxy(new NextRequest(`http://localhost:3000${path}`)).headers.get('x-middleware-rewrite')
    for (const path of ['/admin/%zz', '/admin/%FF', '/admin/shop/orders/%c3%28/history'])
      expect(to(path)).toContain('/admin/there/is/nothing/here')
    for (const path of ['/admin', '/admin/shop/orders/%C3%BC', '/admin?q=%zz']) expect(to(path)).toBeNull()
  })

  it('stays away from uploads, data and static files', () => {
    const pattern = new RegExp(`^${config.matcher[0]}$`)
    for (const path of ['/admin', '/sign-in', '/', '/admin/shop/orders/1,2']) expect(pattern.test(path)).toBe(true)
    for (const path of ['/api/upload', '/_next/static/a.js', '/favicon.ico']) expect(pattern.test(path)).toBe(false)
  })
})

describe('codes and waits', () => {
  it('read the same however they are typed', () => {
    const code = newCode()
    expect(code).toMatch(/^([2-9A-HJ-NP-TV-Z]{4}-){3}[2-9A-HJ-NP-TV-Z]{4}$/)
    expect(normaliseCode(` ${code.toLowerCase().replaceAll('-', '')} `)).toBe(code)
    expect(normaliseCode(code)).toBe(code)
  })

  it('are said in words', () => {
    expect([1, 45, 60, 61, 900].map(describeWait)).toEqual([
      '1 second',
      '45 seconds',
      '1 minute',
      '2 minutes',
      '15 minutes',
    ])
  })
})

describe('providers', () => {
  it('are read from the environment, each whole or not at all', () => {
    expect(readProviders({})).toEqual([])
    const all = readProviders({
      KONTOR_GITHUB_ID: 'a',
      KONTOR_GITHUB_SECRET: 'b',
      KONTOR_OIDC_ISSUER: 'https://id.example.test/',
      KONTOR_OIDC_ID: 'c',
      KONTOR_OIDC_SECRET: 'd',
      KONTOR_OIDC_NAME: 'Bakery ID',
    })
    expect(all.map(({ id, name, issuer }) => ({ id, name, issuer }))).toEqual([
      { id: 'github', name: 'GitHub', issuer: undefined },
      { id: 'oidc', name: 'Bakery ID', issuer: 'https://id.example.test' },
    ])
    expect(() => readProviders({ KONTOR_GOOGLE_ID: 'a' })).toThrow(/KONTOR_GOOGLE_SECRET must be set too/)
  })

  it('vouch only for addresses they have verified', () => {
    expect(verifiedEmail({ email: 'a@example.test', email_verified: true })).toBe('a@example.test')
    expect(verifiedEmail({ email: 'a@example.test', email_verified: 'true' })).toBe('a@example.test')
    for (const profile of [
      undefined,
      {},
      { email: 'a@example.test' },
      { email: 'a@example.test', email_verified: false },
      { email: 'a@example.test', email_verified: 'false' },
      { email_verified: true },
    ]) {
      expect(verifiedEmail(profile)).toBeUndefined()
    }
  })
})
