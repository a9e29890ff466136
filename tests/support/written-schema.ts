import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { isRelation } from '@/lib/admin/catalogue'
import { describeRelation, type TableShape } from '@/lib/db/table-shape'

/** The Drizzle module that introspection wrote under `root`. */
export async function loadSchema(root: string): Promise<Record<string, unknown>> {
  return (await import(/* @vite-ignore */ pathToFileURL(path.join(root, 'drizzle/schema.ts')).href)) as Record<
    string,
    unknown
  >
}

/** The shapes of a module's tables and views by 'schema.table'. */
export function shapesOf(module: Record<string, unknown>): Map<string, TableShape> {
  const found = Object.values(module).filter(isRelation).map(describeRelation)
  return new Map(found.map((shape) => [shape.relation, shape]))
}

/** One spelling for a type, whether Postgres or Drizzle spells it. */
export const normalType = (type: string) =>
  type
    .replace('character varying', 'varchar')
    .replace('bit varying', 'varbit')
    .replace(/^character\b/, 'char')
    .replace(/^(timestamp|time)(\(\d\))? without time zone/, '$1$2')
    .replace(/, /g, ',')
    .replace(/ \(/g, '(')
