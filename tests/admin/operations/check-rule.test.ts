import { expect, test } from 'vitest'
import { checkRuleWords } from '@/lib/admin/operations/check-rule'

const LABELS: Record<string, string> = { price: 'Price', cost: 'Cost', starts_at: 'Starts at', ends_at: 'Ends at' }

test.each([
  ['(price >= (0)::numeric)', 'Must be at least 0.'],
  ["(price > '-1.5'::numeric)", 'Must be more than -1.5.'],
  ['((stock >= 0) AND (stock <= 100))', 'Must be at least 0 and at most 100.'],
  ['("Odd Name" <> 7)', 'Must be other than 7.'],
  ['(price >= cost)', 'Price must be at least Cost.'],
  ['(starts_at < ends_at)', 'Starts at must be less than Ends at.'],
  ['(price >= hidden)', 'Must fit the rule: price >= hidden.'],
  ['((price >= 0) AND (cost >= 0))', 'Must fit the rule: (price >= 0) AND (cost >= 0).'],
  ['((price > 0) OR (cost > 0))', 'Must fit the rule: (price > 0) OR (cost > 0).'],
  ["(code ~ '^[A-Z]+$'::text)", "Must fit the rule: code ~ '^[A-Z]+$'."],
  ['(char_length(code) > 3)', 'Must fit the rule: char_length(code) > 3.'],
])('%s', (rule, words) => {
  expect(checkRuleWords(rule, (column) => LABELS[column])).toBe(words)
})
