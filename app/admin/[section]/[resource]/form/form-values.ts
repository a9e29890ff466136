import type { FieldView, RecordView } from '@/lib/admin/view'

export interface Linked {
  id: string
  label: string
}

/** What the form holds: a field's text, or the records linked by an association. */
export type FormValue = string | null | Linked[]
export type FormValues = Record<string, FormValue>

/** What the server's save takes. */
export interface SaveInput {
  resource: string
  id?: string
  /** Texts as the form showed them. */
  shown: Record<string, string | null>
  /** The version that was shown, of records that keep versions. */
  version?: string
  /** Why, in the person's words. */
  reason?: string
  values: Record<string, string | null>
  manyToMany?: Record<string, string[]>
  next: Then
}

/** Where a save leads: the list as it was, this record, an empty form. */
export type Then = 'list' | 'continue' | 'another'

/** Field and association names are anything a database allows; the form's own names must not contain dots. */
export interface FormNames {
  fields: readonly { key: string; field: FieldView }[]
  links: readonly { key: string; link: RecordView['manyToMany'][number] }[]
}

export function formNames(view: RecordView): FormNames {
  const fields = view.groups.flatMap((group) => group.fields)
  return {
    fields: fields.map((field, at) => ({ key: `f${at}`, field })),
    links: view.manyToMany.map((link, at) => ({ key: `l${at}`, link })),
  }
}

/** The id of a field's input: errors link to it. */
export const inputId = (name: string) => `field-${name}`

/** What a form of this record starts with. */
export function startingValues(view: RecordView, names: FormNames): FormValues {
  return Object.fromEntries([
    ...names.fields.map(({ key, field }) => [key, view.texts[field.name] ?? null]),
    ...names.links.map(({ key, link }) => [key, link.selected]),
  ])
}

/** Longer texts are not sent along only to learn whether somebody else changed them. */
const MOST_SHOWN = 2000

/**
 * What to send: of a record only what differs from what was shown, of a new one everything that has a value, so that
 * what was left empty takes the database's default. What was shown goes along, so that the server sees conflicts and
 * can name what it merges.
 */
export function saveInput(
  view: RecordView,
  names: FormNames,
  shown: FormValues,
  values: FormValues,
  then: Then,
): SaveInput {
  const version = view.keepsVersions && view.id !== undefined ? view.version : undefined
  const input: SaveInput = { resource: view.resource.key, id: view.id, version, shown: {}, values: {}, next: then }
  for (const { key, field } of names.fields) {
    if (field.access !== 'editable') continue
    const [before, now] = [textOf(shown[key]), textOf(values[key])]
    const isSent = now !== before || (view.id === undefined && now !== null)
    if (isSent) input.values[field.name] = now
    if (isSent || (before?.length ?? 0) <= MOST_SHOWN) input.shown[field.name] = before
  }
  for (const { key, link } of names.links) {
    if (!link.isEditable || sameLinks(shown[key], values[key])) continue
    input.manyToMany = { ...input.manyToMany, [link.name]: linksOf(values[key]).map(({ id }) => id) }
  }
  return input
}

/** Below the `bodySizeLimit` of next.config.ts (10 MiB), with room for how Next wraps it up. */
const MOST_SENT_BYTES = 10_000_000

/** Whether the server would turn it away unread. */
export function isTooLarge(input: SaveInput): boolean {
  return new TextEncoder().encode(JSON.stringify(input)).length > MOST_SENT_BYTES
}

/** What creates a record anew from the form of one that is gone: everything it shows, typed or not. */
export function anewInput(view: RecordView, names: FormNames, values: FormValues): SaveInput {
  const texts = names.fields.flatMap(({ key, field }) => {
    const text = textOf(values[key])
    return text === null ? [] : [[field.name, text]]
  })
  const links = names.links.filter(({ key, link }) => link.isEditable && linksOf(values[key]).length > 0)
  return {
    resource: view.resource.key,
    shown: {},
    values: Object.fromEntries(texts),
    manyToMany: Object.fromEntries(links.map(({ key, link }) => [link.name, linksOf(values[key]).map(({ id }) => id)])),
    next: 'continue',
  }
}

/** Whether a value differs from what was shown, in whatever order links stand. */
export function isChanged(shown: FormValue | undefined, value: FormValue | undefined): boolean {
  return Array.isArray(shown) || Array.isArray(value) ? !sameLinks(shown, value) : textOf(shown) !== textOf(value)
}

const textOf = (value: FormValue | undefined) => (typeof value === 'string' ? value : null)
const linksOf = (value: FormValue | undefined) => (Array.isArray(value) ? value : [])

function sameLinks(a: FormValue | undefined, b: FormValue | undefined): boolean {
  const [left, right] = [linksOf(a), linksOf(b)]
  const ids = new Set(left.map(({ id }) => id))
  return left.length === right.length && right.every(({ id }) => ids.has(id))
}
