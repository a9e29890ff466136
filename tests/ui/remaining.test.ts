import { expect, test } from 'vitest'
import { remainingWords } from '@/lib/ui/countdown/remaining'

const MINUTE = 60_000

test.each([
  [0, 'expired', 'expired'],
  [-5, 'expired', 'expired'],
  [1, '1 s', 'under 1 min'],
  [9_000, '9 s', 'under 1 min'],
  [MINUTE, '1 min', '1 min'],
  [24 * MINUTE + 12_500, '24 min 13 s', '24 min'],
  [60 * MINUTE - 1, '1 h', '1 h'],
  [200 * MINUTE, '3 h 20 min', '3 h 20 min'],
  [27 * 60 * MINUTE, '1 d 3 h', '1 d 3 h'],
])('%i ms are “%s”, in calm “%s”', (ms, words, calm) => {
  expect([remainingWords(ms), remainingWords(ms, true)]).toEqual([words, calm])
})
