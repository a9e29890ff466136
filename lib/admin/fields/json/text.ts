/*
 * JSON as text: where it is wrong, and the same laid out in lines. Numbers, key order and duplicate keys stay as they
 * are written, which parsing and writing it again would not keep. Pure, for both halves of the kind. Neither nests its
 * calls, so a million brackets cost memory, not the stack.
 */

export interface JsonMistake {
  /** From 1. */
  line: number
  column: number
  message: string
}

/** Postgres gives up on deeper nesting when its stack is full. */
const MAX_DEPTH = 500

type State = 'value' | 'firstValue' | 'key' | 'firstKey' | 'colon' | 'comma' | 'end'

const TOKEN = /[ \t\n\r]+|[{}[\]:,]|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y

/** The first mistake in a JSON text, or undefined where there is none. `strict` adds what jsonb cannot hold. */
export function findJsonMistake(text: string, strict = false): JsonMistake | undefined {
  const open: string[] = []
  let state: State = 'value'
  let at = 0
  while (at < text.length) {
    const token = tokenAt(text, at)
    if (!token) return mistake(text, at, unreadable(text, at))
    const kind = token[0] ?? ''
    if (!/\s/.test(kind)) {
      const next = step(state, token, open)
      if (!next) return mistake(text, at, expected(state, token, open))
      if (open.length > MAX_DEPTH) return mistake(text, at, `Nested deeper than ${MAX_DEPTH} levels.`)
      const problem = kind === '"' ? wrongString(token, strict) : strict ? wrongNumber(token) : undefined
      if (problem) return mistake(text, at, problem)
      state = next
    }
    at += token.length
  }
  if (state === 'end') return undefined
  if (text.trim() === '') return mistake(text, at, 'Write a JSON value, like {"a": 1}.')
  const opener = open.at(-1)
  return mistake(text, at, opener ? `It ends too early: a “${opener}” is not closed.` : 'It ends too early.')
}

/** Laid out with two spaces, or in one line with `indent` 0. The text must be valid. */
export function layOutJson(text: string, indent = 2): string {
  let result = ''
  let depth = 0
  const line = () => (indent ? `\n${' '.repeat(indent * depth)}` : '')
  const tokens: string[] = []
  for (let at = 0; at < text.length; ) {
    const token = tokenAt(text, at) ?? text.slice(at)
    if (!/^[ \t\n\r]/.test(token)) tokens.push(token)
    at += token.length
  }
  tokens.forEach((token, index) => {
    if (token === '{' || token === '[') {
      depth++
      const closes = tokens[index + 1] === '}' || tokens[index + 1] === ']'
      result += closes ? token : token + line()
    } else if (token === '}' || token === ']') {
      depth--
      const opened = tokens[index - 1] === '{' || tokens[index - 1] === '['
      result += opened ? token : line() + token
    } else if (token === ',') result += indent ? token + line() : ', '
    else if (token === ':') result += ': '
    else result += token
  })
  return result
}

/** The token that begins at `at`, white space included; undefined where nothing JSON knows does. */
function tokenAt(text: string, at: number): string | undefined {
  if (text[at] !== '"') {
    TOKEN.lastIndex = at
    return TOKEN.exec(text)?.[0]
  }
  // By hand: a regular expression would keep a step for every character of a string of many megabytes.
  for (let end = at + 1; end < text.length; end++) {
    const character = text[end]
    if (character === '\\') end++
    else if (character === '"') return text.slice(at, end + 1)
    else if (character === '\n' || character === '\r') return undefined
  }
  return undefined
}

function step(state: State, token: string, open: string[]): State | undefined {
  const after = (): State => (open.length ? 'comma' : 'end')
  const closes = (bracket: string): State | undefined => (open.pop() === bracket ? after() : undefined)
  switch (state) {
    case 'firstValue':
    case 'value':
      if (token === ']' && state === 'firstValue') return closes('[')
      if (token === '{' || token === '[') {
        open.push(token)
        return token === '{' ? 'firstKey' : 'firstValue'
      }
      return /^[}\]:,]$/.test(token) ? undefined : after()
    case 'firstKey':
    case 'key':
      if (token === '}' && state === 'firstKey') return closes('{')
      return token.startsWith('"') ? 'colon' : undefined
    case 'colon':
      return token === ':' ? 'value' : undefined
    case 'comma':
      if (token === ',') return open.at(-1) === '{' ? 'key' : 'value'
      if (token === (open.at(-1) === '{' ? '}' : ']')) return closes(open.at(-1) ?? '')
      return undefined
    case 'end':
      return undefined
  }
}

function expected(state: State, token: string, open: readonly string[]): string {
  const found = token.length > 20 ? `${token.slice(0, 20)}…` : token
  if (state === 'end') return `Nothing may follow the value, but there is ${found}.`
  if (state === 'colon') return `A “:” is missing before ${found}.`
  if (state === 'comma') return `A “,” or “${open.at(-1) === '{' ? '}' : ']'}” is missing before ${found}.`
  if (state === 'key' && token === '}') return 'Remove the “,” before “}”.'
  if (state === 'value' && token === ']') return 'Remove the “,” before “]”.'
  return state === 'key' || state === 'firstKey'
    ? `A name in double quotes is missing before ${found}.`
    : `A value is missing before ${found}.`
}

function unreadable(text: string, at: number): string {
  const rest = text.slice(at, at + 40)
  if (rest.startsWith('"'))
    return /[\n\r]/.test(text.slice(at).split('"')[1] ?? '')
      ? 'This text has a line break in it: write \\n.'
      : 'This text is not closed by a “"”.'
  if (/^['‘“]/.test(rest)) return 'Use straight double quotes: "…".'
  if (/^\/[/*]/.test(rest)) return 'JSON has no comments.'
  if (/^[+.]?\d|^-/.test(rest)) return 'This number is not written as JSON wants it, like 0.5 or -3.'
  const word = rest.match(/^[\p{L}\p{N}_$]+/u)?.[0]
  if (word && /^(true|false|null)$/i.test(word)) return `Write ${word.toLowerCase()} in small letters.`
  return word ? `Put “${word}” in double quotes.` : `“${[...rest][0]}” cannot stand here.`
}

const ESCAPES = /\\(?:u([\da-fA-F]{4})|(.))/g

/** Escapes Postgres would refuse: unknown ones in both types, NUL and halves of characters in jsonb. */
function wrongString(token: string, strict: boolean): string | undefined {
  if (hasControl(token)) return 'A control character stands in this text: write it as \\u0009 or the like.'
  if (!token.includes('\\')) return undefined
  let high = false
  let last = -1
  for (const match of token.matchAll(ESCAPES)) {
    const [whole, hex, letter] = match
    if (letter && !'"\\/bfnrt'.includes(letter))
      return `“\\${letter}” is no escape in JSON: write “\\\\${letter}” for a backslash.`
    const code = hex ? Number.parseInt(hex, 16) : -1
    if (!strict) continue
    if (code === 0) return 'jsonb cannot hold \\u0000.'
    const isLow = code >= 0xdc00 && code <= 0xdfff
    if (isLow !== high || (high && match.index !== last)) return 'An escape names half of a character.'
    high = code >= 0xd800 && code <= 0xdbff
    last = match.index + whole.length
  }
  return high ? 'An escape names half of a character.' : undefined
}

function hasControl(token: string): boolean {
  for (let at = 0; at < token.length; at++) if (token.charCodeAt(at) < 32) return true
  return false
}

/** jsonb keeps numbers as numeric. */
function wrongNumber(token: string): string | undefined {
  const match = token.match(/^-?(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i)
  if (!match) return undefined
  const [, whole = '', fraction = '', power = '0'] = match
  const exponent = Number(power)
  const isHuge = whole.length + exponent > 131_072 || fraction.length - exponent > 16_383
  return isHuge ? 'This number is larger or finer than jsonb can hold.' : undefined
}

function mistake(text: string, at: number, message: string): JsonMistake {
  const before = text.slice(0, at)
  const line = before.split('\n').length
  return { line, column: [...before.slice(before.lastIndexOf('\n') + 1)].length + 1, message }
}
