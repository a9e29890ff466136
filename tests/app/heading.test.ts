import { expect, test } from 'vitest'
import { recordHeading } from '@/app/admin/[section]/[resource]/record/heading'

test.each([
  ['Product', 'Rye bread', '17', { title: 'Rye bread', description: 'Product 17' }],
  ['Order', '11077', '11077', { title: 'Order 11077' }],
  ['Order', 'Order 12', '12', { title: 'Order 12' }],
  ['Order detail', '11077, 77', '11077,77', { title: 'Order detail 11077, 77' }],
])('a %s called “%s” with the key %s is named once', (singular, title, id, heading) => {
  expect(recordHeading(singular, title, id)).toEqual(heading)
})
