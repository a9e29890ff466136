import type { Operator } from '@/lib/admin/fields/field'

/** One condition on a field, as the address carries it: `f.price=gte:3.50`. */
export interface Condition {
  field: string
  operator: Operator
  operand: string
}

/**
 * The query string with conditions added, on the first page of what then matches. A condition that is there already is
 * not repeated.
 * @param query of the list as it is, without '?'
 */
export function withConditions(query: string, conditions: readonly Condition[]): string {
  const params = new URLSearchParams(query)
  for (const name of ['page', 'after', 'before', 'count']) params.delete(name)
  for (const { field, operator, operand } of conditions) {
    const [name, value] = [`f.${field}`, `${operator}:${operand}`]
    if (!params.has(name, value)) params.append(name, value)
  }
  return params.toString()
}

/** Several values for the operator `in`: ',' between them, '\' before a ',' or '\' of their own. */
export function listOperand(values: readonly string[]): string {
  return values.map((value) => value.replace(/[\\,]/g, '\\$&')).join(',')
}
