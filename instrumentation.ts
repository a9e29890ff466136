import type { Runtime } from '@/lib/runtime'

/** Called by Next once when a web process starts, before it answers the first request. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return
  const [{ getRuntime }, { startAuth }, { followTags }] = await Promise.all([
    import('@/lib/runtime'),
    import('@/lib/auth'),
    import('@/lib/watch'),
  ])
  const runtime = await getRuntime()
  // Next lets its process end when every answer has: open streams would keep it.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => runtime.hub.close())
  await startAuth(runtime)
  const { feed, admin, log } = runtime
  const revalidate = (tags: readonly string[]) => askForRevalidation(runtime, tags)
  // Not waited for: the site answers while the database is away.
  void followTags({ feed, watchers: admin.watchers, log, revalidate }).catch((error) =>
    log.error({ err: error }, 'no tags'),
  )
}

/** Next revalidates tags only while it answers a request: the process sends itself one. */
async function askForRevalidation({ env, ownToken }: Runtime, tags: readonly string[]): Promise<void> {
  const host =
    { '0.0.0.0': '127.0.0.1', '::': '[::1]' }[env.host] ?? (env.host.includes(':') ? `[${env.host}]` : env.host)
  const response = await fetch(`http://${host}:${process.env.PORT ?? env.port ?? 3000}/api/revalidate`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ownToken}`, 'content-type': 'application/json' },
    body: JSON.stringify(tags),
    signal: AbortSignal.timeout(10_000),
  })
  if (!response.ok) throw new Error(`/api/revalidate answered ${response.status}`)
}
