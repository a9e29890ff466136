import { defineKind } from '../define-kind'
import type { FieldKind, KindField } from '../field'

/**
 * A foreign key of one column: the value is the target's key, checked as the column's own type. `kindOf` gives the kind
 * the column would have without being a reference. Labels of targets are the list's and the form's to look up.
 */
export function referenceKind(kindOf: (field: KindField) => FieldKind): FieldKind {
  return defineKind({
    name: 'reference',
    longest: Number.POSITIVE_INFINITY,
    operators: ['eq', 'in', 'not', 'empty'],
    filter: 'reference',
    parse: (input, field, context) => kindOf(field).parse(input, { ...field, choices: undefined }, context),
    format: (text) => text,
  })
}
