import { invalid } from '@/lib/errors'

/** What a row of kontor.effects takes besides its payload. */
export interface EffectRow {
  kind: string
  dedupeKey?: string
  runAt?: Date
  maxAttempts?: number
}

/** @throws AdminError `invalid` for what the row could not hold: said to who asks, before a statement for many fails */
export function assertEffectRow({ kind, dedupeKey, runAt, maxAttempts }: EffectRow): void {
  if (kind === '' || Buffer.byteLength(kind) > 200) throw invalid('The kind of an effect is 1 to 200 bytes long.')
  if (kind.includes('\0') || dedupeKey?.includes('\0')) throw invalid('A kind or dedupe key holds no NUL character.')
  if (dedupeKey !== undefined && Buffer.byteLength(dedupeKey) > 1000) {
    throw invalid('The dedupe key of an effect is at most 1000 bytes long.')
  }
  if (runAt && Number.isNaN(runAt.getTime())) throw invalid('The moment an effect is to run at is not a date.')
  if (maxAttempts !== undefined && !(Number.isInteger(maxAttempts) && maxAttempts > 0)) {
    throw invalid('An effect is attempted a whole number of times, at least once.')
  }
}
