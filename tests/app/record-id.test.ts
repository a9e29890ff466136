import { expect, test } from 'vitest'
import { recordIdOf } from '@/app/record-id'

test('the id in an address is what it decodes to', () => {
  expect(recordIdOf('7')).toBe('7')
  expect(recordIdOf('1%2CSUMMER%5C%2C10')).toBe('1,SUMMER\\,10')
})

test.each(['%00', '1,%00', '1%2C%00', 'a%00b', '%zz', '%ff'])(
  '%s names nothing: it stays as it is spelled',
  (segment) => {
    expect(recordIdOf(segment)).toBe(segment)
  },
)
