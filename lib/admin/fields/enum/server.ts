import { defineKind, ok, refuse } from '../define-kind'
import { wordsOf } from '../format'

/** One of the values the type declares, in its order, in words. */
export const enumeration = defineKind({
  name: 'enum',
  filter: 'choice',
  longest: 1000,
  parse(input, field) {
    const values = field.column.enumValues ?? []
    if (values.includes(input)) return ok(input)
    return refuse(`Choose one of: ${values.slice(0, 8).map(wordsOf).join(', ')}${values.length > 8 ? ' …' : ''}.`)
  },
  format: wordsOf,
})
