import { expect, test } from 'vitest'
import { introspect } from '@/bin/introspection/introspect'
import * as demo from '@/drizzle/schema'
import { migrateTables } from '@/lib/db/migrate'
import { VERSION_FIELDS } from '@/lib/db/storage-columns'
import type { TableShape } from '@/lib/db/table-shape'
import { createTestDatabase } from '@/tests/support/database'
import { createTestProject } from '@/tests/support/project'
import { loadSchema, normalType, shapesOf } from '@/tests/support/written-schema'

const bakery = await createTestDatabase()

test('the demo comes back as it was declared', async () => {
  await migrateTables(bakery.urls.owner)
  const { root } = await createTestProject()
  await introspect({ url: bakery.urls.owner, root })
  const found = shapesOf(await loadSchema(root))
  const declared = [...shapesOf(demo).values()]
  expect([...found.keys()].sort()).toEqual(declared.map(({ relation }) => relation).sort())
  for (const shape of declared) expect(comparable(found.get(shape.relation))).toEqual(comparable(shape))
})

/** What two declarations of one table have in common: not the exact builders, and unnamed constraints' names. */
function comparable(shape: TableShape | undefined) {
  const columns = shape?.columns.map(
    ({ field, name, sqlType, notNull, isGenerated, identity, hasDefault, enumValues }) => ({
      ...{ field, name, isGenerated, identity, enumValues },
      sqlType: normalType(sqlType),
      // A view's columns are null or not as far as Postgres says, and it says nothing.
      // A default of null, as the columns of versions declare it, is none to Postgres.
      ...(shape.kind === 'table' && { notNull, hasDefault: hasDefault && !VERSION_FIELDS.includes(field) }),
    }),
  )
  return {
    columns,
    kind: shape?.kind,
    primaryKey: shape?.primaryKey,
    foreignKeys: shape?.foreignKeys
      .map(({ fields, target, onDelete }) => [fields, target, onDelete ?? 'no action'])
      .sort(),
    uniques: shape?.uniques.map(({ fields }) => fields).sort(),
    checks: shape?.checks.toSorted(),
  }
}
