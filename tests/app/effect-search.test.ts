import { expect, test } from 'vitest'
import { isDay } from '@/app/admin/address-reader'
import { effectFilter, effectsHref, readEffectSearch } from '@/app/admin/effects/effect-search'

test('the address is read, and what it cannot mean is left out and said', () => {
  const { asked, notices } = readEffectSearch({
    state: 'dead',
    kind: ' email.send ',
    q: '',
    from: '2030-02-30',
    to: '2030-01-31',
    after: ['a', 'b'],
  })
  expect(asked).toEqual({ state: 'dead', kind: 'email.send', to: '2030-01-31' })
  expect(notices).toEqual([expect.stringContaining('2030-02-30')])
  expect(readEffectSearch({ state: 'lost' }).notices).toEqual([expect.stringContaining('lost')])
})

test('days are whole days of the reader’s zone', () => {
  expect(effectFilter({ from: '2030-01-31', to: '2030-01-31' }, 'Europe/Berlin')).toMatchObject({
    from: '2030-01-31 00:00:00 Europe/Berlin',
    to: '2030-02-01 00:00:00 Europe/Berlin',
  })
})

test.each(['', '2030-1-1', '2030-13-01', 'x', "2030-01-01'", '0000-00-00'])('%j is no day', (text) => {
  expect(isDay(text)).toBe(false)
})

test('a changed filter begins at the first page', () => {
  const asked = { state: 'dead' as const, kind: 'a&b', after: 'cursor' }
  expect(effectsHref(asked, { state: 'failed' })).toBe('/admin/effects?state=failed&kind=a%26b')
  expect(effectsHref(asked, { after: 'next' })).toBe('/admin/effects?state=dead&kind=a%26b&after=next')
  expect(effectsHref({})).toBe('/admin/effects')
})
