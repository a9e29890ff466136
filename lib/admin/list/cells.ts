import { type ComponentType, createElement } from 'react'
import type { RequestContext } from '../context'
import { viewCell, viewComputed } from '../fields'
import type { Choice, FormatContext } from '../fields/field'
import { recordHref } from '../menu'
import type { ListColumn, RecordValues, Resource } from '../tree'
import type { CellView } from '../view'
import type { Labelled } from './labels'

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
  const target = text === null ? undefined : targets?.records.get(text)
  return viewCell(text, { ...field, choices }, format, {
    format: column.format,
    currency: column.currency,
    label: target?.title,
    href: targets && target?.recordId ? recordHref(targets.resource, target.recordId) : undefined,
  })
}

/** The cell of a value that the config computes. */
export function computedCell({ column }: Pick<ColumnScene, 'column'>, value: unknown, format: FormatContext): CellView {
  return viewComputed(value, format, { format: column.format, currency: column.currency })
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
