import { defineKind } from '../define-kind'
import { TEXTUAL } from '../text/server'

/** Several lines of text. */
export const textarea = defineKind({
  ...TEXTUAL,
  name: 'textarea',
  width: 'full',
  format: (value) => value.replace(/\s*\n\s*/g, ' ⏎ '),
})
