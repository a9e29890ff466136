import { type CatalogueEntry, readCatalogue } from './catalogue'
import { type ResourceOptions, resource, type SectionDefinition, type Sections, section } from './define'

/**
 * The tree that stands for a config without `sections`: every table and view of the Drizzle module, grouped by
 * Postgres schema. Join tables are not listed on their own, nor is Kontor's own schema. The result is ordinary data:
 * change it, or give `overrides` by 'schema.table' to customise one table without listing the rest.
 */
export function detect(
  schema: Record<string, unknown>,
  overrides: Record<string, ResourceOptions<never>> = {},
): Sections {
  const sections: Record<string, SectionDefinition> = {}
  for (const entry of readCatalogue(schema).entries) {
    if (entry.isJoin || entry.shape.schema === 'kontor') continue
    const key = addressable(entry.shape.schema)
    sections[key] ??= section(undefined, {}, {})
    const resources = sections[key].resources
    resources[unusedKey(entry, resources)] = resource(
      entry.relation,
      overrides[entry.shape.relation] as unknown as ResourceOptions<typeof entry.relation>,
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

/** The export's name, since that is what the config calls the table; numbered where two come out alike. */
function unusedKey(entry: CatalogueEntry, taken: Record<string, unknown>): string {
  const base = addressable(entry.shape.name)
  let key = base
  for (let number = 2; key in taken || key === 'new'; number++) key = `${base}-${number}`
  return key
}
