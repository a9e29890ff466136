/** Calls at once and then each second, and anew when a tab comes back to the front. Returns what ends it. */
export function everySecond(tick: (isCalm: boolean) => void): () => void {
  const calm = window.matchMedia('(prefers-reduced-motion: reduce)')
  const run = () => {
    if (document.visibilityState === 'visible') tick(calm.matches)
  }
  run()
  const timer = setInterval(run, 1000)
  document.addEventListener('visibilitychange', run)
  return () => {
    clearInterval(timer)
    document.removeEventListener('visibilitychange', run)
  }
}
