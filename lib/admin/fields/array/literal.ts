/*
 * Postgres's text for arrays: `{a,"b c",NULL,{nested}}`, with `[0:1]={…}` where it does not start at 1.
 * Pure, for both halves of the kind.
 */

/** A text, NULL, or the next dimension. */
export type ArrayItem = string | null | ArrayItem[]

export interface ArrayText {
  items: ArrayItem[]
  /** `[0:1]` where the array does not start at 1. */
  bounds?: string
}

/** Reads an array's text; undefined where it is not one. `delimiter` is ',' for every type but box. */
export function readArray(text: string, delimiter: ',' | ';' = ','): ArrayText | undefined {
  const head = text.match(/^[ \t\n\v\f\r]*((?:\[[-+]?\d+:[-+]?\d+\])+)[ \t\n\v\f\r]*=[ \t\n\v\f\r]*/)
  const reader = new Reader(text, head?.[0].length ?? 0, delimiter)
  reader.space()
  const items = reader.list(0)
  reader.space()
  if (!items || reader.at < text.length) return undefined
  return head ? { items, bounds: head[1] } : { items }
}

/** Writes it as Postgres itself would: quotes only where they are needed. */
export function formatArray(items: readonly ArrayItem[], delimiter: ',' | ';' = ',', bounds?: string): string {
  const parts = items.map((item) => {
    if (item === null) return 'NULL'
    if (typeof item !== 'string') return formatArray(item, delimiter)
    return needsQuotes(item, delimiter) ? `"${item.replace(/[\\"]/g, '\\$&')}"` : item
  })
  return `${bounds ? `${bounds}=` : ''}{${parts.join(delimiter)}}`
}

/** Whether it is one dimension of plain values starting at 1: what a tags input can hold. */
export function isFlat(array: ArrayText): array is { items: (string | null)[] } {
  return array.bounds === undefined && array.items.every((item) => item === null || typeof item === 'string')
}

/** Whether all parts of every dimension have the same length, as Postgres asks. Empty inner parts are refused by it too. */
export function isRectangular(items: readonly ArrayItem[]): boolean {
  const inner = items.filter((item) => Array.isArray(item))
  if (inner.length === 0) return true
  if (inner.length !== items.length) return false
  const length = inner[0]?.length ?? 0
  const isNested = inner.map((item) => item.some((part) => Array.isArray(part)))
  return (
    length > 0 &&
    inner.every((item) => item.length === length && isRectangular(item)) &&
    isNested.every((nested) => nested === isNested[0])
  )
}

/** Whether the bounds in front of a literal (`[0:1]`) count what stands in it. */
export function boundsFit({ items, bounds }: ArrayText): boolean {
  let level: readonly ArrayItem[] | undefined = items
  for (const [, from, to] of bounds?.matchAll(/\[([-+]?\d+):([-+]?\d+)\]/g) ?? []) {
    if (!level || Number(to) - Number(from) + 1 !== level.length) return false
    const next: ArrayItem | undefined = level[0]
    level = Array.isArray(next) ? next : undefined
  }
  return bounds === undefined || level === undefined
}

/** Every element in order, whatever its dimension. */
export function flatten(items: readonly ArrayItem[]): (string | null)[] {
  return items.flatMap((item) => (Array.isArray(item) ? flatten(item) : [item]))
}

function needsQuotes(text: string, delimiter: string): boolean {
  return text === '' || /^null$/i.test(text) || /[{}"\\ \t\n\v\f\r]/.test(text) || text.includes(delimiter)
}

/** What Postgres skips around values; other white space belongs to them. */
const SPACE = /[ \t\n\v\f\r]/

/** Postgres allows six dimensions. */
const MAX_DIMENSIONS = 6

class Reader {
  constructor(
    readonly text: string,
    public at: number,
    readonly delimiter: string,
  ) {}

  list(depth: number): ArrayItem[] | undefined {
    if (depth >= MAX_DIMENSIONS || this.text[this.at] !== '{') return undefined
    this.at++
    const items: ArrayItem[] = []
    this.space()
    if (this.text[this.at] === '}') {
      this.at++
      return items
    }
    for (;;) {
      this.space()
      const item = this.text[this.at] === '{' ? this.list(depth + 1) : this.value()
      if (item === undefined) return undefined
      items.push(item)
      this.space()
      const next = this.text[this.at++]
      if (next === '}') return items
      if (next !== this.delimiter) return undefined
    }
  }

  private value(): string | null | undefined {
    return this.text[this.at] === '"' ? this.quoted() : this.bare()
  }

  private quoted(): string | undefined {
    let value = ''
    for (this.at++; this.at < this.text.length; this.at++) {
      const character = this.text[this.at]
      if (character === '"') {
        this.at++
        return value
      }
      if (character === '\\') this.at++
      value += this.text[this.at] ?? ''
    }
    return undefined
  }

  private bare(): string | null | undefined {
    let value = ''
    let kept = 0 // trailing white space is not part of a bare value, unless it was escaped
    let isEscaped = false
    for (; this.at < this.text.length; this.at++) {
      const character = this.text[this.at] ?? ''
      if (character === this.delimiter || character === '}') break
      if (character === '{' || character === '"') return undefined
      if (character === '\\') {
        value += this.text[++this.at] ?? ''
        kept = value.length
        isEscaped = true
      } else {
        value += character
        if (!SPACE.test(character)) kept = value.length
      }
    }
    value = value.slice(0, kept)
    if (value === '') return undefined
    return /^null$/i.test(value) && !isEscaped ? null : value
  }

  space(): void {
    while (SPACE.test(this.text[this.at] ?? '')) this.at++
  }
}
