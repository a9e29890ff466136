const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Less than this is urgent. */
export const URGENT_MS = 5 * MINUTE

/**
 * What is left, in the two units that tell most: '1 d 3 h', '3 h 20 min', '24 min 13 s', '9 s'.
 * @param isCalm no seconds, for people who asked for less motion
 */
export function remainingWords(ms: number, isCalm = false): string {
  if (ms <= 0) return 'expired'
  // Counted up: nothing shows "0 s" while it is still there.
  const left = Math.ceil(ms / SECOND) * SECOND
  if (left >= DAY) return pair(left, DAY, 'd', HOUR, 'h')
  if (left >= HOUR) return pair(left, HOUR, 'h', MINUTE, 'min')
  if (left < MINUTE) return isCalm ? 'under 1 min' : `${left / SECOND} s`
  return isCalm ? `${Math.floor(left / MINUTE)} min` : pair(left, MINUTE, 'min', SECOND, 's')
}

function pair(ms: number, size: number, unit: string, smallSize: number, smallUnit: string): string {
  const small = Math.floor((ms % size) / smallSize)
  return `${Math.floor(ms / size)} ${unit}${small > 0 ? ` ${small} ${smallUnit}` : ''}`
}
