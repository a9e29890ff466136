import { randomBytes } from 'node:crypto'
import { get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { ensureBuilt } from '@/bin/supervisor/build'
import { fillDatabase } from '@/bin/supervisor/database'
import { users } from '@/lib/auth'
import { connect } from '@/lib/db/client'
import { sessionCookieFor } from '@/tests/support/session'
import { databaseUrl, prepareTemplate } from '@/tests/support/template'
import { type Site, serve } from './support/site'
import type { BenchTable } from './support/table'
import { compare, write } from './support/write'

const WRITERS = 16
const ROUNDS = 5
const PER_SESSION = 12
const SECRET = randomBytes(32).toString('base64url')

/** How many browsers follow, and how many changes they are told of. */
const CASES = [
  { browsers: 1, samples: 300 },
  { browsers: 1_000, samples: 50 },
]

/**
 * How soon after a commit the event of a page arrives over HTTP from the built site, and what many of them take.
 */
export async function benchLive(adminUrl: string): Promise<BenchTable[]> {
  await ensureBuilt()
  await prepareTemplate(adminUrl)
  const name = `bench_live_${randomBytes(4).toString('hex')}`
  const admin = postgres(adminUrl, { max: 1, onnotice: () => {} })
  await admin.unsafe(`create database ${name} owner kontor_owner`)
  const [app, owner] = [databaseUrl(adminUrl, name, 'kontor_app'), databaseUrl(adminUrl, name, 'kontor_owner')]
  try {
    await fillDatabase({ admin: databaseUrl(adminUrl, name), owner, app })
    return [await delays(app), await throughput(app)]
  } finally {
    await admin.unsafe(`drop database if exists ${name} with (force)`)
    await admin.end()
  }
}

const start = (url: string) =>
  serve('.', '/api/health', { DATABASE_URL: url, NEXTAUTH_SECRET: SECRET, LOG_LEVEL: 'warn' })

async function delays(url: string): Promise<BenchTable> {
  const site = await start(url)
  try {
    const rows = []
    for (const { browsers, samples } of CASES) rows.push(...(await measure(site, url, browsers, samples)))
    return { title: 'Commit to the event of a page over HTTP, all of them one process; ratios against one page', rows }
  } finally {
    await site.stop()
  }
}

/** What two web processes, each with a page that follows along, cost whoever writes to what the page shows. */
async function throughput(url: string): Promise<BenchTable> {
  const update = (settings = {}) =>
    write(url, {
      table: 'catalogue.products',
      column: 'views',
      ids: 2000,
      connections: WRITERS,
      seconds: 3,
      settings,
    })
  const whileFollowed = async () => {
    const db = connect(url, { max: 1 })
    const sites = await Promise.all([start(url), start(url)])
    const stops: (() => void)[] = []
    try {
      for (const site of sites) stops.push(await follow(site, await signIn(db), () => {}))
      return await update()
    } finally {
      for (const stop of stops) stop()
      await Promise.all([db.close(), ...sites.map((site) => site.stop())])
    }
  }
  const rows = await compare(
    [
      ['log alone', () => update({ 'kontor.mute': 'on' })],
      ['two web processes, an open page each', whileFollowed],
    ],
    ROUNDS,
  )
  return {
    title: `Single-row updates of the demo's products at ${WRITERS} connections, medians of ${ROUNDS} rounds`,
    rows,
  }
}

let baseMs = 0

async function measure(site: Site, url: string, browsers: number, samples: number): Promise<BenchTable['rows']> {
  const before = site.memoryMb()
  const db = connect(url, { max: 2 })
  const writer = postgres(url, { max: 1, onnotice: () => {} })
  const heard = createCounter(browsers)
  const stops: (() => void)[] = []
  try {
    for (let open = 0; open < browsers; open += PER_SESSION) {
      const cookie = await signIn(db)
      const count = Math.min(PER_SESSION, browsers - open)
      stops.push(...(await Promise.all(Array.from({ length: count }, () => follow(site, cookie, heard.note)))))
    }
    const connected = site.memoryMb()
    const taken: number[] = []
    const session = await writer.reserve()
    for (let sample = 0; sample < samples; sample++) {
      await session`begin`
      const [row] = await session<{ id: string }[]>`insert into shop.customers (first_name, last_name, email)
        values ('Bench', 'Live', ${`live-${browsers}-${sample}@example.org`}) returning id::text`
      const all = heard.all(row?.id ?? '')
      const start = performance.now()
      await session`commit`
      taken.push(...(await all).map((at) => at - start))
      await sleep(3 + Math.random() * 10)
    }
    session.release()
    const after = site.memoryMb()
    taken.sort((a, b) => a - b)
    const at = (share: number) => taken[Math.floor((taken.length - 1) * share)] ?? Number.NaN
    baseMs ||= at(0.5)
    const label = `${browsers.toLocaleString('en')} ${browsers === 1 ? 'page' : 'pages'}`
    const mb = (value: number | undefined) => `${value?.toFixed(0) ?? '?'} MiB`
    return [
      { case: `${label}, median`, result: `${at(0.5).toFixed(1)} ms`, ratio: (at(0.5) / baseMs).toFixed(2) },
      { case: `${label}, 99th percentile`, result: `${at(0.99).toFixed(1)} ms`, ratio: (at(0.99) / baseMs).toFixed(2) },
      {
        case: `${label}, memory before, connected, after ${samples} changes`,
        result: `${mb(before)}, ${mb(connected)}, ${mb(after)}`,
        ratio: before && after ? (after / before).toFixed(2) : '',
      },
    ]
  } finally {
    for (const stop of stops) stop()
    await Promise.all([writer.end(), db.close()])
  }
}

/** A browser of a person of its own: what somebody may be told is asked for each of them. */
async function signIn(db: ReturnType<typeof connect>): Promise<string> {
  const email = `bench-${randomBytes(6).toString('hex')}@example.org`
  const [user] = await db.orm.insert(users).values({ email, name: 'Bench', role: 'owner' }).returning({ id: users.id })
  return sessionCookieFor(db, user?.id ?? '', SECRET)
}

/** Collects when each of `count` clients heard of a record. */
function createCounter(count: number) {
  const moments = new Map<string, number[]>()
  const ready = new Map<string, (moments: number[]) => void>()
  return {
    note(id: string): void {
      const list = moments.get(id)
      list?.push(performance.now())
      if (list?.length === count) ready.get(id)?.(list)
    },
    all(id: string): Promise<number[]> {
      moments.set(id, [])
      return new Promise((resolve) => ready.set(id, resolve))
    },
  }
}

/** Opens a stream. @returns what closes it, once the stream has begun */
function follow({ url }: Site, cookie: string, note: (id: string) => void): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const request = get(`${url}/api/live`, { headers: { cookie }, agent: false }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`/api/live answered ${response.statusCode}`))
      let rest = ''
      response.setEncoding('utf8')
      response.on('error', () => {}) // closed by us
      response.on('data', (text: string) => {
        const blocks = (rest + text).split('\n\n')
        rest = blocks.pop() ?? ''
        for (const block of blocks) {
          if (block.includes('event: hello')) resolve(() => request.destroy())
          if (!block.includes('event: changes')) continue
          for (const { resource, id } of JSON.parse(block.slice(block.indexOf('data: ') + 6)))
            if (resource === 'shop/customers' && id !== undefined) note(id)
        }
      })
    })
    request.on('error', reject)
  })
}
