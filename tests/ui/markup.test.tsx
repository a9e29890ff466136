import fc from 'fast-check'
import type { ReactNode } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect, test } from 'vitest'
import { Cell } from '@/lib/admin/fields/cell'
import { Icon } from '@/lib/ui/icon'
import { toMarkup } from '@/lib/ui/markup'

/** React spells some attributes with capitals, which HTML does not mind. */
const alike = (markup: string | undefined) => markup?.replace(/ [a-z]+=/gi, (name) => name.toLowerCase())
const byReact = (node: ReactNode) => alike(renderToStaticMarkup(node))

const Later = async () => 'x'
const Word = ({ text }: { text: string }) => <b title={text}>{text}</b>

describe('toMarkup writes what React writes', () => {
  test.each<[string, ReactNode]>([
    ['nothing', [null, undefined, false, true, '']],
    ['text and numbers', ['a', 1, 2n, 0]],
    ['elements in lists and fragments', [<i key="i">a</i>, <Word key="w" text="b" />, <>c{['d', <u key="u">e</u>]}</>]],
    [
      'attributes',
      <input
        key="i"
        type="checkbox"
        disabled
        readOnly={false}
        tabIndex={-1}
        autoComplete="off"
        data-a=""
        aria-label="x"
      />,
    ],
    ['true and false as words', <p key="p" aria-hidden={true} data-on={false} hidden={false} />],
    ['a moment', <time key="t" dateTime="2026-01-01" className="a b" />],
    ['a popover', <button key="b" type="button" popoverTarget="x" />],
    ['styles', <i key="i" style={{ background: '#fff', marginTop: '1px' }} />],
    ['an icon', <Icon key="i" name="house" />],
    [
      'a link',
      <a key="a" href="/admin?a=1&b=2">
        x
      </a>,
    ],
    ['a status', <Cell key="c" cell={{ kind: 'enum', text: 'a', display: 'A', tone: 'ok' }} />],
    ['a tick', <Cell key="c" cell={{ kind: 'boolean', text: 'true', display: 'Yes' }} />],
    ['a colour', <Cell key="c" cell={{ kind: 'colour', text: '#ff0000', display: '#ff0000' }} />],
    ['an address', <Cell key="c" cell={{ kind: 'url', text: 'https://a.example/?x="<', display: 'a' }} />],
    ['none', <Cell key="c" cell={{ kind: 'text', text: null, display: '' }} />],
  ])('%s', (_, node) => {
    expect(alike(toMarkup(node))).toBe(byReact(node))
  })

  test('any text, in words and in attributes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const node = (
          <a href={`/x?${text}`} title={text}>
            {text}
          </a>
        )
        expect(alike(toMarkup(node))).toBe(byReact(node))
      }),
    )
  })
})

test.each(['javascript:alert(1)', ' \u0001JaVa\nscript:alert(1)', 'j\ta\rvascript:1'])('%j is no address', (href) => {
  expect(toMarkup(<a href={href}>x</a>)).toBe('<a>x</a>')
})

test('what needs React is left to it', () => {
  const Client = Object.assign(() => null, { $$typeof: Symbol.for('react.client.reference') })
  expect(toMarkup(<Client />)).toBeUndefined()
  expect(toMarkup([<p key="p">a</p>, <Later key="l" />])).toBeUndefined()
  expect(toMarkup(<button type="button" onClick={() => {}} />)).toBeUndefined()
})
