import { expect, test } from 'vitest'
import { greeting } from '@/app/admin/greeting'

const at = (moment: string) => ({ now: () => new Date(moment) })

test.each([
  ['en', 'Thursday, 26 November 2026'],
  ['en-US', 'Thursday, November 26, 2026'],
  ['de', 'Donnerstag, 26. November 2026'],
])('a day is said in %s in one order everywhere', (locale, day) => {
  expect(greeting({ clock: at('2026-11-26T08:00:00Z'), locale, timeZone: 'Europe/Berlin' })).toEqual({
    words: 'Good morning',
    day,
  })
})
