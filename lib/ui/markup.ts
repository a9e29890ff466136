import { Fragment, isValidElement, type ReactElement, type ReactNode } from 'react'

/*
 * Plain markup written out on the server. React carries every element to the browser twice, as HTML and as the data it
 * would need to draw it again; for a table or a menu that only the server draws, one text is enough.
 */

/**
 * The HTML of a tree that has nothing but elements and synchronous server components, escaped as React escapes it.
 * @returns undefined where React itself is needed: client components, asynchronous ones, context, refs
 */
export function toMarkup(node: ReactNode): string | undefined {
  try {
    return write(node)
  } catch (error) {
    if (error === NEEDS_REACT) return undefined
    throw error
  }
}

const NEEDS_REACT = Symbol('needs React')

function write(node: ReactNode): string {
  if (node === null || node === undefined || typeof node === 'boolean') return ''
  if (typeof node === 'string') return escapeHtml(node)
  if (typeof node === 'number' || typeof node === 'bigint') return String(node)
  if (isValidElement(node)) return writeElement(node as ReactElement<Record<string, unknown>>)
  if (typeof node === 'object' && Symbol.iterator in node) {
    let text = ''
    for (const child of node) text += write(child)
    return text
  }
  throw NEEDS_REACT
}

function writeElement({ type, props }: ReactElement<Record<string, unknown>>): string {
  if (type === Fragment) return write(props.children as ReactNode)
  if (typeof type === 'string') return writeTag(type, props)
  if (typeof type !== 'function' || '$$typeof' in type) throw NEEDS_REACT
  return write((type as (props: Record<string, unknown>) => ReactNode)(props))
}

const VOID = new Set([
  'area',
  'base',
  'br',
  'col',
  'embed',
  'hr',
  'img',
  'input',
  'link',
  'meta',
  'source',
  'track',
  'wbr',
])

function writeTag(tag: string, props: Record<string, unknown>): string {
  let text = `<${tag}`
  let inner: string | undefined
  for (const name in props) {
    const value = props[name]
    if (name === 'children') continue
    if (name === 'dangerouslySetInnerHTML') inner = (value as { __html: string }).__html
    else text += writeAttribute(name, value)
  }
  if (VOID.has(tag)) return `${text}/>`
  return `${text}>${inner ?? write(props.children as ReactNode)}</${tag}>`
}

/** React's names that are not HTML's in lower case. */
const NAMES: Record<string, string> = { className: 'class', htmlFor: 'for', viewBox: 'viewBox' }
const ADDRESSES = new Set(['href', 'src', 'action', 'formAction'])

function writeAttribute(name: string, value: unknown): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'function' || name === 'ref') throw NEEDS_REACT
  const isWord = name.startsWith('aria-') || name.startsWith('data-')
  if (typeof value === 'boolean' && !isWord) return value ? ` ${htmlName(name)}=""` : ''
  if (name === 'style') return ` style="${escapeHtml(styleText(value as Record<string, string | number>))}"`
  if (ADDRESSES.has(name) && isScript(String(value))) return ''
  return ` ${htmlName(name)}="${escapeHtml(String(value))}"`
}

const htmlName = (name: string) => NAMES[name] ?? (/^(aria|data)-/.test(name) ? name : name.toLowerCase())

/** Numbers are taken as they are: whoever means pixels says so. */
const styleText = (style: Record<string, string | number>) =>
  Object.entries(style)
    .map(([name, value]) => `${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}:${value}`)
    .join(';')

/** An address that would run as a program, however it is disguised; browsers drop control characters and blanks. */
const isScript = (address: string) =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /^[\u0000-\u0020]*j[\r\n\t]*a[\r\n\t]*v[\r\n\t]*a[\r\n\t]*s[\r\n\t]*c[\r\n\t]*r[\r\n\t]*i[\r\n\t]*p[\r\n\t]*t[\r\n\t]*:/i.test(
    address,
  )

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#x27;' }

const escapeHtml = (text: string) =>
  /[&<>"']/.test(text) ? text.replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign) : text
