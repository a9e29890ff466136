/** Called by Next once when a web process starts, before it answers the first request. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return
  const [{ getRuntime }, { startAuth }] = await Promise.all([import('@/lib/runtime'), import('@/lib/auth')])
  await startAuth(await getRuntime())
}
