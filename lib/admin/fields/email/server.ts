import { defineKind, refuse } from '../define-kind'
import { parseText, TEXTUAL } from '../text/server'

/** As browsers check `<input type="email">`, and a dot in the domain besides. */
const ADDRESS =
  /^[\w.!#$%&'*+/=?^`{|}~\p{L}\p{N}-]+@[\p{L}\p{N}]([\p{L}\p{N}-]*[\p{L}\p{N}])?(\.[\p{L}\p{N}]([\p{L}\p{N}-]*[\p{L}\p{N}])?)+$/u

/** An e-mail address; cells and forms link to it. */
export const email = defineKind({
  ...TEXTUAL,
  name: 'email',
  longest: 320,
  parse(input, field) {
    const address = input.trim()
    return address === '' || ADDRESS.test(address)
      ? parseText(address, field)
      : refuse('Write an e-mail address, like ada@example.com.')
  },
  format: (value) => value,
})
