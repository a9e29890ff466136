import { columnType, typeArgument } from '../column-type'
import { defineKind, ok, refuse } from '../define-kind'

/** bit(n) takes exactly n bits, bit varying(n) at most n. */
export const bit = defineKind({
  name: 'bit',
  longest: 100_000,
  parse(input, field) {
    const type = columnType(field.column.sqlType)
    const isVarying = type.base === 'varbit'
    const length = typeArgument(type) ?? (isVarying ? undefined : 1)
    const text = input.trim().replace(/^B'([01]*)'$/i, '$1')
    if (!/^[01]*$/.test(text)) return refuse('Write it with 0 and 1 only.')
    if (length !== undefined && (isVarying ? text.length > length : text.length !== length)) {
      return refuse(
        `${isVarying ? 'At most' : 'Exactly'} ${length} bit${length === 1 ? '' : 's'} fit; this is ${text.length}.`,
      )
    }
    return ok(text)
  },
  format: (text) => text,
})
