/** How often a visible page asks. */
const EVERY_MS = 2000

/**
 * Calls `onChange` when what `topic` stands for is no longer as it was at `pulse`; asks only while the page is visible, and
 * at once when it becomes so. This is the one place that knows how a page learns of changes.
 * @returns stops following
 */
export function follow(topic: string, pulse: string, onChange: () => void): () => void {
  const stopping = new AbortController()
  let timer: number | undefined
  let seen = pulse

  async function look(): Promise<void> {
    window.clearTimeout(timer)
    if (document.visibilityState === 'hidden' || stopping.signal.aborted) return
    const now = await ask(topic, stopping.signal)
    if (stopping.signal.aborted || now === 'signed out') return
    if (now !== undefined && now.pulse !== seen) {
      seen = now.pulse
      onChange()
    }
    timer = window.setTimeout(look, EVERY_MS)
  }

  timer = window.setTimeout(look, EVERY_MS)
  document.addEventListener('visibilitychange', look, { signal: stopping.signal })
  return () => {
    stopping.abort()
    window.clearTimeout(timer)
  }
}

/** Undefined where the site does not answer just now: the page stays as it is, and asks again. */
async function ask(topic: string, signal: AbortSignal): Promise<{ pulse: string } | 'signed out' | undefined> {
  try {
    const response = await fetch(`/api/pulse?of=${encodeURIComponent(topic)}`, { signal })
    if (response.status === 401 || response.status === 403) return 'signed out'
    return response.ok ? ((await response.json()) as { pulse: string }) : undefined
  } catch {
    return undefined
  }
}
