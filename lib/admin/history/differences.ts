import { diffWordsWithSpace } from 'diff'
import { type Change, isOversize, type LoggedValue, type LoggedValues } from '@/lib/history'
import type { RequestContext } from '../context'
import { formatBytes } from '../fields/format'
import { labelsFor } from '../list'
import type { Field, Resource } from '../tree'
import type { FieldChange, TextPart } from './change-view'

/** Texts at least this long are compared word by word. */
const LONG_TEXT = 60
/** Characters of unchanged text kept on each side of a difference. */
const KEPT = 32
/** Values of a new or deleted record are shown for this many fields. */
const SHOWN_OF_WHOLE = 6
const SHOWN_OF_UPDATE = 12

/**
 * The field-level differences of a change, as this person may see them: fields they may not read are left out, values
 * are formatted by their kinds, associations by their labels, long texts word by word, JSON by path.
 * @param isWhole every field, however many there are
 */
export async function differencesOf(
  ctx: RequestContext,
  resource: Resource | undefined,
  change: Change,
  isWhole = false,
): Promise<{ fields: FieldChange[]; more: number }> {
  const names = change.op === 'update' ? change.changed : inFormOrder(resource, change.after ?? change.before ?? {})
  const all = names.flatMap((name) => columnOf(resource, name, ctx))
  const told = all.filter(({ field }) => !field?.isTouched)
  const known = change.op === 'update' && told.length > 0 ? told : all
  const telling = change.op === 'update' ? known : known.filter(({ name }) => hasValue(change, name))
  const shown = isWhole ? telling : telling.slice(0, change.op === 'update' ? SHOWN_OF_UPDATE : SHOWN_OF_WHOLE)
  const lists = await Promise.all(shown.map((column) => differ(ctx, column, change)))
  return { fields: lists.flat(), more: telling.length - shown.length }
}

/** The columns of a whole record as its form has them; what stands in no form comes last, but for a key nobody wrote. */
function inFormOrder(resource: Resource | undefined, values: LoggedValues): string[] {
  const ofForm = resource?.form.groups.flatMap(({ fields }) => fields.map(({ column }) => column.name)) ?? []
  const fields = [...(resource?.fields.values() ?? [])]
  const ownKeys = new Set(fields.filter(({ isKey }) => isKey).map(({ column }) => column.name))
  const known = [...ofForm, ...fields.map(({ column }) => column.name), ...Object.keys(values)]
  return [...new Set(known)].filter((name) => name in values && (ofForm.includes(name) || !ownKeys.has(name)))
}

interface LoggedColumn {
  /** The database's name. */
  name: string
  label: string
  /** Undefined for a column the config no longer knows. */
  field?: Field
}

function columnOf(resource: Resource | undefined, name: string, ctx: RequestContext): LoggedColumn[] {
  const field = resource && [...resource.fields.values()].find(({ column }) => column.name === name)
  if (field && !field.read(ctx)) return []
  return [{ name, label: field?.label ?? name, field }]
}

const hasValue = ({ before, after }: Change, name: string) => ((after ?? before)?.[name] ?? null) !== null

async function differ(ctx: RequestContext, column: LoggedColumn, change: Change): Promise<FieldChange[]> {
  const { name, label, field } = column
  const isRedacted = change.op === 'update' && !(name in (change.before ?? {})) && !(name in (change.after ?? {}))
  if (isRedacted) return [{ field: name, label, before: 'kept out of the log', after: 'changed' }]
  const [before, after] = [side(change.before, name), side(change.after, name)]
  if (typeof before === 'string' && typeof after === 'string') {
    if (field?.kind.name === 'json') {
      const paths = jsonDifferences(before, after)
      if (paths.length > 0) {
        const shown = paths.slice(0, MOST_PATHS).map(({ path, ...values }) => ({
          field: name,
          label: path ? `${label} › ${path}` : label,
          ...values,
        }))
        const more = paths.length - shown.length
        return more > 0 ? [...shown, { field: name, label, after: `and ${more} more places` }] : shown
      }
    }
    if (isLongText(field, before, after)) return [{ field: name, label, parts: wordParts(before, after) }]
  }
  return [
    {
      field: name,
      label,
      before: short(await showValue(ctx, field, before)),
      after: short(await showValue(ctx, field, after)),
    },
  ]
}

/** Undefined where the change has no such side at all. */
const side = (values: LoggedValues | null, name: string): LoggedValue | undefined =>
  values ? (values[name] ?? null) : undefined

const isLongText = (field: Field | undefined, before: string, after: string) =>
  (!field || field.kind.filter === 'text') && !field?.choices && Math.max(before.length, after.length) >= LONG_TEXT

/** Characters of a value that are shown. */
const MOST_CHARACTERS = 140

const short = (text: string | null | undefined) =>
  text && text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)} …` : text

/** A logged value as the person reads it; undefined where there is none. */
export async function showValue(
  ctx: RequestContext,
  field: Field | undefined,
  value: LoggedValue | undefined,
): Promise<string | null | undefined> {
  if (value === null || value === undefined) return value
  if (isOversize(value)) return `${formatBytes(String(value.size), ctx.locale)}, too large to keep`
  if (!field) return value
  const target = field.reference && ctx.admin.resources.get(field.reference.resource)
  if (target) return (await labelsFor(ctx, target, [value], field.reference?.targetFields)).get(value) ?? value
  const choices = await field.choices?.(ctx)
  return field.kind.format(
    value,
    { ...field, choices },
    { locale: ctx.locale, timeZone: ctx.timeZone, now: ctx.clock.now() },
  )
}

/** Places of a long text that are shown. */
const MOST_PLACES = 6

/** Word by word; what stayed is cut to the words around a difference. */
function wordParts(before: string, after: string): TextPart[] {
  const all = diffWordsWithSpace(before.slice(0, 20_000), after.slice(0, 20_000))
  const { changes, more } = firstPlaces(all)
  const parts = changes.map(({ value, added, removed }, at): TextPart => {
    if (added) return { kind: 'added', text: value }
    if (removed) return { kind: 'removed', text: value }
    return { kind: 'same', text: cut(value, at === 0, at === changes.length - 1) }
  })
  return more > 0 ? [...parts, { kind: 'same', text: ` (and ${more} more ${more === 1 ? 'place' : 'places'})` }] : parts
}

/** The changes up to the last place shown, with what follows it. */
function firstPlaces<Part extends { added?: boolean; removed?: boolean }>(all: readonly Part[]) {
  let places = 0
  let end = all.length
  for (const [at, part] of all.entries()) {
    const isBegun = (part.added || part.removed) && !(all[at - 1]?.added || all[at - 1]?.removed)
    if (isBegun && ++places === MOST_PLACES + 1) end = at
  }
  return { changes: all.slice(0, end), more: Math.max(0, places - MOST_PLACES) }
}

function cut(text: string, isFirst: boolean, isLast: boolean): string {
  if (isFirst && isLast) return text
  if (isFirst) return text.length > KEPT ? `… ${text.slice(-KEPT)}` : text
  if (isLast) return text.length > KEPT ? `${text.slice(0, KEPT)} …` : text
  return text.length > 2 * KEPT ? `${text.slice(0, KEPT)} … ${text.slice(-KEPT)}` : text
}

const MOST_PATHS = 12

interface PathChange {
  path: string
  before?: string | null
  after?: string | null
}

/**
 * The leaves in which two JSON texts differ, by path ('address.city', 'tags[2]'); none where one is no JSON, or where
 * they differ in nothing but how they are written.
 */
function jsonDifferences(before: string, after: string): PathChange[] {
  try {
    const found: PathChange[] = []
    walk('', parseExactly(before), parseExactly(after), found)
    return found
  } catch {
    return []
  }
}

/** Numbers with more digits than JavaScript keeps stay the texts they are. */
const parseExactly = (json: string): unknown =>
  JSON.parse(
    json.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, (token) =>
      token.startsWith('"') || token.length <= 15 ? token : `"${token}"`,
    ),
  )

function walk(path: string, before: unknown, after: unknown, found: PathChange[]): void {
  if (Object.is(before, after)) return
  const isBranch = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
  if (isBranch(before) && isBranch(after) && Array.isArray(before) === Array.isArray(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      const step = Array.isArray(before) ? `${path}[${key}]` : path ? `${path}.${key}` : key
      walk(step, before[key], after[key], found)
    }
    return
  }
  if (JSON.stringify(before) === JSON.stringify(after)) return
  found.push({ path, before: leaf(before), after: leaf(after) })
}

const leaf = (value: unknown): string | null | undefined =>
  value === undefined || value === null ? value : typeof value === 'string' ? value : JSON.stringify(value)
