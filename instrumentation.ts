/** Called by Next once when a web process starts, before it answers the first request. */
export async function register(): Promise<void> {
  // Next builds this file for its edge runtime too: what Node alone can do stands in a module of its own.
  if (process.env.NEXT_RUNTIME === 'nodejs') {
    const { startWeb } = await import('@/app/start-web')
    await startWeb()
  }
}
