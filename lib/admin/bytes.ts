import { and, sql } from 'drizzle-orm'
import { column } from '@/lib/db/rebase'
import { AdminError, forbidden, notFound } from '@/lib/errors'
import { keyCondition } from '@/lib/storage'
import type { RequestContext } from './context'
import { loadReadable } from './record-view'
import type { Resource } from './tree'

/** Larger values would be held in memory as a whole by the database and by us. */
const MOST_BYTES = 64 * 1024 * 1024

/**
 * The bytes of a binary value, for whoever may open the record and read the field.
 * @throws AdminError `not_found` (also where the value is null), `forbidden`, `too_large`
 */
export async function loadBytes(
  ctx: RequestContext,
  resource: Resource,
  id: string,
  name: string,
): Promise<Uint8Array> {
  const field = resource.fields.get(name)
  if (field?.kind.name !== 'bytea') throw notFound(`The binary field ${resource.key}/${name}`)
  if (!field.read(ctx)) throw forbidden('You may not read this field.')
  const row = await loadReadable(ctx, resource, id)
  const where = keyCondition(
    resource.keyFields.map((key) => key.column),
    row.id,
    't',
  )
  const value = column('t', field.column.name)
  const rows = await ctx.db.execute<{ size: number | null; bytes: Uint8Array | null }>(sql`
    select octet_length(${value}) as size, case when octet_length(${value}) <= ${MOST_BYTES} then ${value} end as bytes
    from ${resource.storage.among?.([row.id]) ?? resource.storage.source()} as "t" where ${and(where)} limit 1`)
  const { size, bytes } = rows[0] ?? { size: null, bytes: null }
  if (size === null) throw notFound(`${field.label} of ${resource.singular.toLowerCase()} ${id}`)
  if (!bytes)
    throw new AdminError('too_large', `${field.label} is larger than 64 MiB. Ask an administrator for a copy.`)
  return bytes
}
