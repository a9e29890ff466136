import { type ComponentType, createElement } from 'react'
import type { RequestContext } from '../context'
import type { Choice, FormatContext } from '../fields/field'
import {
  exactMoment,
  formatBytes,
  formatDate,
  formatDateTime,
  formatMoney,
  formatPercent,
  groupDigits,
  relativeTime,
} from '../fields/format'
import { instantOf, readMoment } from '../fields/timestamp/moment'
import { recordHref } from '../menu'
import type { ListColumn, RecordValues, Resource } from '../tree'
import type { CellView } from '../view'
import type { Labelled } from './labels'
import { MOST_LISTED } from './rows'

/** Characters of a value that stand in a cell; the rest comes on demand. */
const MOST_SHOWN = 140

/** What a cell of a column needs beside the value itself; the same for every row of the page. */
export interface ColumnScene {
  column: ListColumn
  choices?: readonly Choice[]
  /** Records a foreign key names, by its text, as far as this person may open them. */
  targets?: { resource: Resource; records: ReadonlyMap<string, Labelled> }
}

/** The cell of a field, from its Postgres text. */
export function fieldCell(
  { column, choices, targets }: ColumnScene,
  text: string | null,
  format: FormatContext,
): CellView {
  const field = column.field
  if (!field) return computedCell({ column }, text, format)
  const cell = { kind: field.kind.name, text, format: column.format }
  if (text === null) return { ...cell, display: '' }
  const target = targets?.records.get(text)
  const whole =
    target?.title ?? formatted(column, text, format) ?? field.kind.format(text, { ...field, choices }, format)
  return {
    ...cell,
    ...cut(whole),
    text: cut(text).display,
    href: target && targets && target.recordId ? recordHref(targets.resource, target.recordId) : undefined,
    tone: field.tones[text],
    title: isMoment(column) ? exactMoment(text, format.timeZone) : undefined,
  }
}

/** The cell of a value that the config computes. */
export function computedCell({ column }: Pick<ColumnScene, 'column'>, value: unknown, format: FormatContext): CellView {
  const text = textOf(value)
  const cell = { kind: 'computed', text, format: column.format }
  if (text === null) return { ...cell, display: '' }
  const plain = typeof value === 'boolean' ? (value ? 'Yes' : 'No') : text
  return { ...cell, ...cut(formatted(column, text, format) ?? plain) }
}

/** Waits for what the config computes for a whole page together; a failure names its column. */
export async function computedValues(
  ctx: RequestContext,
  resource: Resource,
  column: ListColumn,
  records: readonly RecordValues[],
): Promise<unknown[]> {
  try {
    return await Promise.all(records.map((record) => column.value?.(record, ctx)))
  } catch (cause) {
    throw new Error(`The column “${column.name}” of ${resource.key} could not be computed.`, { cause })
  }
}

/** What the deployer's own component draws in place of the text. */
export async function customCells(
  column: ListColumn,
  cells: readonly CellView[],
  values: readonly unknown[],
  records: readonly RecordValues[],
) {
  if (!column.cell) return cells
  const { default: component } = await column.cell()
  const Cell = component as ComponentType<{ value: unknown; record: RecordValues }>
  return cells.map((cell, at) => ({
    ...cell,
    custom: createElement(Cell, { value: values[at], record: records[at] ?? {} }),
  }))
}

function formatted({ format, currency }: ListColumn, text: string, context: FormatContext): string | undefined {
  switch (format) {
    case 'money':
      return formatMoney(text, currency, context.locale)
    case 'percent':
      return formatPercent(text, context.locale)
    case 'bytes':
      return formatBytes(text, context.locale)
    case 'number':
      return groupDigits(text, context.locale)
    case 'date':
      return formatDate(text, context.locale)
    case 'datetime':
      return formatDateTime(text, context)
    case 'relative':
      return formatRelative(text, context)
    case 'boolean':
      return text === 'true' || text === 't' ? 'Yes' : 'No'
    default:
      return undefined
  }
}

function formatRelative(text: string, context: FormatContext): string {
  const moment = readMoment(text)
  const near = typeof moment === 'object' ? relativeTime(instantOf(moment), context) : undefined
  return near ?? formatDate(text, context.locale)
}

const isMoment = ({ field, format }: ListColumn) => field?.kind.filter === 'datetime' || format === 'relative'

/** One line, as long as a cell; `full` where something was left out. */
function cut(text: string): { display: string; full?: string } {
  const line = text.replace(/\s+/g, ' ').trim()
  if (line.length <= MOST_SHOWN) return { display: line }
  const shown = line
    .slice(0, MOST_SHOWN)
    .replace(/\p{Surrogate}$/u, '')
    .trimEnd()
  return { display: `${shown}…`, full: text.length > MOST_LISTED ? `${text.slice(0, MOST_LISTED)}…` : text }
}

function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
