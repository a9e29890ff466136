import { attemptSeries, type SeriesPoint } from '@/lib/effects'

const DAY_MS = 86_400_000
const STEPS = 48

/** A chart of a day may be so old: a busy page draws itself again every other second. */
const FRESH_MS = 10_000

const latest = new Map<string, { at: number; series: Promise<SeriesPoint[]> }>()

/** The last day's attempts by the half hour, of the kinds or of all; read at most every ten seconds by a process. */
export function recentSeries(
  db: Parameters<typeof attemptSeries>[0],
  now: Date,
  kinds?: readonly string[],
): Promise<SeriesPoint[]> {
  const key = kinds?.join() ?? ''
  const known = latest.get(key)
  if (known && now.getTime() - known.at < FRESH_MS && now.getTime() >= known.at) return known.series
  if (latest.size > 100) latest.clear()
  const series = attemptSeries(db, { from: new Date(now.getTime() - DAY_MS), to: now, steps: STEPS, kinds })
  latest.set(key, { at: now.getTime(), series })
  series.catch(() => latest.delete(key))
  return series
}
