import { columnCodec } from '@/lib/admin'
import { startAuth } from '@/lib/auth'
import { getRuntime, type Runtime } from '@/lib/runtime'
import { followTags } from '@/lib/watch'

/** What a web process starts before it answers the first request. */
export async function startWeb(): Promise<void> {
  const runtime = await getRuntime()
  // Next lets its process end when every answer has: open streams would keep it.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => runtime.hub.close())
  await startAuth(runtime)
  const { feed, admin, db, log } = runtime
  const revalidate = (tags: readonly string[]) => askForRevalidation(runtime, tags)
  // Not waited for: the site answers while the database is away.
  followTags({ feed, watchers: admin.watchers, sql: db.sql, codec: columnCodec, log, revalidate }).catch((error) =>
    log.error({ err: error }, 'cache tags are not revalidated'),
  )
}

/** Next revalidates tags only while it answers a request: the process sends itself one. */
async function askForRevalidation({ env, ownToken }: Runtime, tags: readonly string[]): Promise<void> {
  const everywhere: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }
  const host = everywhere[env.host] ?? env.host
  const port = process.env.PORT ?? env.port ?? 3000
  const response = await fetch(`http://${host.includes(':') ? `[${host}]` : host}:${port}/api/revalidate`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ownToken}`, 'content-type': 'application/json' },
    body: JSON.stringify(tags),
    signal: AbortSignal.timeout(10_000),
  })
  if (!response.ok) throw new Error(`/api/revalidate answered ${response.status}`)
}
