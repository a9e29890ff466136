import { sql } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'
import { arrayOf } from './filters'
import { isId } from './record-history'

/**
 * Of the given changes those that are undone now, each with the change that undid it: a change of the same record that
 * names it in \`kontor.undoes\` and has not itself been undone (a redo takes the undo back).
 */
export async function undoneBy(db: Executor, changeIds: readonly string[]): Promise<Map<string, string>> {
  const links = new Map<string, string[]>()
  let asked = changeIds.filter(isId)
  // An undo may be undone, and that again: as far as there are links.
  while (asked.length > 0) {
    const rows = await db.execute<{ undone: string; by: string }>(sql`
      select c.id::text as undone, u.id::text as by
      from (select id, relation, record_id, unnest(undoes) as undone from kontor.changes where undoes && ${arrayOf(asked)}::bigint[]) as u
      join kontor.changes as c on c.id = u.undone and c.relation = u.relation and c.record_id = u.record_id
      where c.id = any(${arrayOf(asked)}::bigint[]) order by u.id`)
    const fresh: string[] = []
    for (const { undone, by } of rows) {
      if (!links.has(by)) fresh.push(by)
      links.set(undone, [...(links.get(undone) ?? []), by])
    }
    asked = [...new Set(fresh)].filter((id) => !links.has(id))
  }
  const standing = (id: string): string | undefined => links.get(id)?.findLast((by) => standing(by) === undefined)
  return new Map(
    changeIds.flatMap((id) => {
      const by = standing(id)
      return by === undefined ? [] : [[id, by] as const]
    }),
  )
}
