import { expect, test } from 'vitest'
import { withNoun } from '@/lib/admin/words'

test.each([
  ['Product', 'Rye bread', 'product Rye bread'],
  ['Cart', 'Cart C-E768', 'cart C-E768'],
  ['Order line', 'Line 5 of order 12', 'order line 5 of order 12'],
  ['Order line', 'Order line 12,5', 'order line 12,5'],
  ['Cart', 'Cartwright', 'cart Cartwright'],
])('a %s called “%s” is said as “%s”', (singular, title, said) => {
  expect(withNoun({ singular }, title)).toBe(said)
})
