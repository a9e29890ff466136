import { and, type SQL, sql } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'
import { column } from '@/lib/db/rebase'
import { decodeRecordId, encodeRecordId } from '@/lib/db/record-id'
import type { ColumnShape } from '@/lib/db/table-shape'
import { AdminError } from '@/lib/errors'
import { keyCondition, type StoredRow, type Texts } from '@/lib/storage'
import type { OperationContext } from '../context'
import { rowCondition } from '../policy'
import type { ManyToMany, Resource } from '../tree'

/** The other side's ids, by the association's name. */
export type Links = Record<string, readonly string[]>

const joinTable = ({ join }: ManyToMany) => sql`${sql.identifier(join.schema)}.${sql.identifier(join.name)}`

const isOwn = (association: ManyToMany, own: Texts): SQL =>
  and(
    ...association.ownColumns.map(
      (entry, at) => sql`${column('j', entry.name)} = ${own[association.ownFields[at] ?? ''] ?? null}`,
    ),
  ) ?? sql`false`

/** The ids a record is linked to through one join table, in the order of their keys. */
export async function linkedIds(db: Executor, association: ManyToMany, own: Texts): Promise<string[]> {
  const parts = association.otherColumns.map(
    (entry, at) => sql`${column('j', entry.name)}::text as ${sql.identifier(`p${at}`)}`,
  )
  const order = sql.join(
    association.otherColumns.map((entry) => column('j', entry.name)),
    sql`, `,
  )
  const rows = await db.execute<Record<string, string>>(
    sql`select ${sql.join(parts, sql`, `)} from ${association.joinSource()} as "j" where ${isOwn(association, own)} order by ${order}`,
  )
  return rows.map((row) => encodeRecordId(association.otherColumns.map((_, at) => row[`p${at}`] ?? '')))
}

/** What has to happen to one join table. */
export interface LinkChange {
  association: ManyToMany
  added: string[]
  removed: string[]
}

/**
 * How `links` differ from what is stored. Links to records the person may not see stay as they are, since no form
 * shows them.
 * @throws AdminError `invalid` on the association for an id that does not exist or may not be seen
 */
export async function changedLinks(
  ctx: OperationContext,
  resource: Resource,
  row: StoredRow | undefined,
  links: Links | undefined,
): Promise<LinkChange[]> {
  const changes: LinkChange[] = []
  for (const [name, ids] of Object.entries(links ?? {})) {
    const association = associationNamed(resource, name)
    const stored = row ? await linkedIds(ctx.tx, association, row.texts) : []
    const added = [...new Set(ids)].filter((id) => !stored.includes(id))
    const removed: string[] = []
    for (const id of stored) if (!ids.includes(id) && (await isVisible(ctx, association, id))) removed.push(id)
    for (const id of added) if (!(await isVisible(ctx, association, id))) throw unknownLink(ctx, association, id)
    if (added.length + removed.length > 0) changes.push({ association, added, removed })
  }
  return changes
}

/** Carries the changes out. */
export async function saveLinks(ctx: OperationContext, row: StoredRow, changes: readonly LinkChange[]): Promise<void> {
  for (const { association, added, removed } of changes) {
    for (const id of removed) {
      await ctx.tx.execute(
        sql`delete from ${joinTable(association)} as "j" where ${isOwn(association, row.texts)} and ${isOther(association, id)}`,
      )
    }
    for (const id of added) await insertLink(ctx, association, row.texts, id)
  }
}

async function insertLink(ctx: OperationContext, association: ManyToMany, own: Texts, id: string): Promise<void> {
  const other = decodeRecordId(id, association.otherColumns.length) ?? []
  const columns: ColumnShape[] = [...association.ownColumns, ...association.otherColumns]
  const values = [...association.ownFields.map((field) => own[field] ?? null), ...other]
  await ctx.tx.execute(sql`insert into ${joinTable(association)}
    (${sql.join(
      columns.map(({ name }) => sql.identifier(name)),
      sql`, `,
    )}) values (${sql.join(
      values.map((value) => sql`${value}`),
      sql`, `,
    )})`)
}

async function isVisible(ctx: OperationContext, association: ManyToMany, id: string): Promise<boolean> {
  const target = ctx.admin.resources.get(association.resource)
  const columns = association.otherFields.flatMap(
    (field) => target?.shape.columns.find((entry) => entry.field === field) ?? [],
  )
  const isIt = keyCondition(columns, id)
  if (!target || !isIt) return false
  const mine = await rowCondition(ctx, target, 'list', 't')
  const rows = await ctx.tx.execute(
    sql`select 1 from ${target.storage.source()} as "t" where ${and(isIt, mine)} limit 1`,
  )
  return rows.length > 0
}

function unknownLink(ctx: OperationContext, association: ManyToMany, id: string): AdminError {
  const noun = ctx.admin.resources.get(association.resource)?.singular.toLowerCase() ?? 'record'
  const message = `There is no such ${noun} (${id}), or you may not see it.`
  return new AdminError('invalid', message, { fields: { [association.name]: [message] } })
}

function isOther(association: ManyToMany, id: string): SQL {
  return keyCondition(association.otherColumns, id, 'j') ?? sql`false`
}

function associationNamed(resource: Resource, name: string): ManyToMany {
  const association = resource.manyToMany.find((candidate) => candidate.name === name)
  if (association) return association
  throw new AdminError('invalid', `${resource.plural} have no association “${name}”.`, {
    fields: { '': [`There is no association “${name}”.`] },
  })
}
