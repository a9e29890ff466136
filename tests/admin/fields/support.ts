import { type PgColumnBuilderBase, pgTable } from 'drizzle-orm/pg-core'
import type { FormatContext, KindField } from '@/lib/admin/fields/field'
import { type ColumnShape, describeRelation } from '@/lib/db/table-shape'

export const berlin: FormatContext = {
  locale: 'en',
  timeZone: 'Europe/Berlin',
  now: new Date('2026-06-15T10:00:00Z'),
}

/** The shape of a table's only column 'v'. */
export function shapeOf(builder: PgColumnBuilderBase, name = 'v'): ColumnShape {
  const shape = describeRelation(pgTable('t', { v: builder as never }))
  const column = shape.columns[0]
  if (!column) throw new Error('no column')
  return { ...column, name }
}

export function fieldOf(builder: PgColumnBuilderBase, more: Partial<KindField> = {}, name = 'v'): KindField {
  return { name: 'v', label: 'Value', column: shapeOf(builder, name), ...more }
}
