import type { PgMaterializedView, PgTable, PgView } from 'drizzle-orm/pg-core'
import { type CatalogueEntry, readCatalogue } from './catalogue'
import { RESERVED_RESOURCES, RESERVED_SECTIONS } from './checks'
import { type ResourceOptions, resource, type SectionDefinition, type Sections, section } from './define'

type QualifiedName<T> = T extends PgTable
  ? `${T['_']['schema'] extends string ? T['_']['schema'] : 'public'}.${T['_']['name']}`
  : T extends PgView | PgMaterializedView
    ? `${string}.${T['_']['name']}` // a view's type does not tell its schema
    : never

/** What differs from the detected tree, by 'schema.table': names are checked against the module by the compiler. */
export type Overrides<S> = {
  [K in keyof S as QualifiedName<S[K]>]?: S[K] extends PgTable | PgView | PgMaterializedView
    ? ResourceOptions<S[K]>
    : never
}

/**
 * The tree that stands for a config without `sections`: every table and view of the Drizzle module, grouped by
 * Postgres schema. Join tables are not listed on their own, nor is Kontor's own schema. The result is ordinary data:
 * change it, or give `overrides` by 'schema.table' to customise one table without listing the rest.
 */
export function detect<S extends Record<string, unknown>>(schema: S, overrides: Overrides<S> = {}): Sections {
  const given = overrides as Record<string, ResourceOptions<never> | undefined>
  const sections: Record<string, SectionDefinition> = {}
  for (const entry of readCatalogue(schema).entries) {
    if (entry.isJoin || entry.shape.schema === 'kontor') continue
    const key = sectionKey(entry.shape.schema)
    sections[key] ??= section(undefined, {}, {})
    const resources = sections[key].resources
    resources[unusedKey(entry, resources)] = resource(
      entry.relation,
      given[entry.shape.relation] as unknown as ResourceOptions<typeof entry.relation>,
    )
  }
  return sections
}

/** 'Order Details' → 'Order-Details': a table's name as a piece of an address. */
export function addressable(name: string): string {
  const slug = name
    .normalize('NFKD')
    .replace(/[^\w-]+/g, '-')
    .replace(/^[^A-Za-z]+|-+$/g, '')
  return slug || 'table'
}

/** A Postgres schema's name as a section's key; one that would hide a page of Kontor's own says that it holds data. */
export function sectionKey(schema: string): string {
  const key = addressable(schema)
  return RESERVED_SECTIONS.has(key.toLowerCase()) ? `${key}-data` : key
}

/** The table's own name as a resource's key; numbered where it is taken, in whatever case, or reserved. */
export function unusedKey(entry: CatalogueEntry, taken: Record<string, unknown>): string {
  const base = addressable(entry.shape.name)
  const used = new Set(Object.keys(taken).map((key) => key.toLowerCase()))
  let key = base
  for (let number = 2; used.has(key.toLowerCase()) || RESERVED_RESOURCES.has(key.toLowerCase()); number++)
    key = `${base}-${number}`
  return key
}
