import { defineKind, refuse } from '../define-kind'
import { parseText, TEXTUAL } from '../text/server'
import { isSafeUrl } from './safe-url'

/** A web address; cells and forms link to it. Anything a browser would run instead of open is refused. */
export const url = defineKind({
  ...TEXTUAL,
  name: 'url',
  longest: 8000,
  parse(input, field) {
    const address = input.trim()
    if (address === '' || isSafeUrl(address)) return parseText(address, field)
    return refuse(
      /^[\w-]+(\.[\w-]+)+(\/|$)/.test(address)
        ? `Begin with https://, like https://${address.slice(0, 60)}.`
        : 'Write a web address, like https://example.com/page.',
    )
  },
  format: (value) => value.replace(/^https?:\/\/(www\.)?/, '').replace(/\/$/, ''),
})
