import { localAddress } from '@/bin/supervisor/port'
import { startWeb } from '@/bin/supervisor/processes'
import { Shutdown } from '@/bin/supervisor/shutdown'
import { connect } from '@/lib/db/client'
import { freePort } from '@/lib/db/embedded-port'
import { readEvents } from '@/tests/support/events'
import { sessionCookieFor } from '@/tests/support/session'
import { HOST, SESSION_SECRET, siteEnv } from './support/site'
import { expect, site, test } from './support/test'

const PAGES = 100
const PER_SESSION = 12

test('a site with 100 open pages ends their streams and itself within 5 s of SIGTERM', async ({ sql }, testInfo) => {
  const { urls } = site()
  const port = await freePort()
  const baseURL = localAddress(HOST, port)
  const shutdown = new Shutdown()
  const env = siteEnv(urls, baseURL, testInfo.outputPath('data'))
  const db = connect(urls.app, { max: 1 })
  try {
    const web = await startWeb({ isDev: false, host: HOST, port, env }, shutdown)
    const [owner] = await sql<{ id: string }[]>`select id from kontor.users where role = 'owner' limit 1`
    const pages = await Promise.all(
      Array.from({ length: Math.ceil(PAGES / PER_SESSION) }, async (_, browser) => {
        const cookie = await sessionCookieFor(db, owner?.id ?? '', SESSION_SECRET)
        const count = Math.min(PER_SESSION, PAGES - browser * PER_SESSION)
        return Promise.all(Array.from({ length: count }, () => fetch(`${baseURL}/api/live`, { headers: { cookie } })))
      }),
    )
    const streams = pages.flat().map(({ body }) => readEvents(body!))
    expect(streams).toHaveLength(PAGES)
    await expect.poll(() => streams.filter(({ events }) => events[0]?.event === 'hello').length).toBe(PAGES)

    const asked = performance.now()
    await shutdown.stopAll()
    const taken = performance.now() - asked
    await Promise.all(streams.map(({ done }) => done))
    // By itself: where it outlasts its grace it is killed.
    expect((await web.ended).signal).not.toBe('SIGKILL')
    for (const { events } of streams)
      expect(events.at(-1)).toMatchObject({ event: 'end', data: { because: 'restart' } })
    expect(taken).toBeLessThan(5_000)
    testInfo.annotations.push({ type: 'time to exit', description: `${taken.toFixed(0)} ms` })
  } finally {
    await shutdown.stopAll()
    await db.close()
  }
})
