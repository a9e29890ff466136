import { defineKind, refuse } from '../define-kind'
import { parseText, TEXTUAL } from '../text/server'
import { isColour } from './colour'

/** A colour as `#rrggbb`, or with its short and transparent forms; kept in small letters. */
export const colour = defineKind({
  ...TEXTUAL,
  name: 'colour',
  longest: 40,
  parse(input, field) {
    const value = input.trim().toLowerCase()
    if (value === '' || isColour(value)) return parseText(value, field)
    return isColour(`#${value}`)
      ? parseText(`#${value}`, field)
      : refuse('Write a colour as # and six digits, like #1d6b4f.')
  },
  format: (value) => value,
})
