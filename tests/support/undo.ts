import { sql } from 'drizzle-orm'
import { type UndoPlan, undoesOf } from '@/lib/history'
import type { TestDatabase } from './database'

const quote = (name: string) => `"${name.replaceAll('"', '""')}"`

/** Takes a plan's steps as the operations would, in its order, each linked to what it undoes. */
export async function take(db: TestDatabase, plan: UndoPlan, keys: Record<string, string[]> = {}): Promise<void> {
  await db.app.orm.transaction(async (tx) => {
    for (const step of plan.steps) {
      await tx.execute(
        sql`select set_config('kontor.undoes', ${undoesOf([step])}, true), set_config('kontor.source', 'undo', true)`,
      )
      const table = sql.raw(step.relation.split('.').map(quote).join('.'))
      const columns = Object.keys(step.values)
      const names = sql.join(
        columns.map((name) => sql.raw(quote(name))),
        sql`, `,
      )
      const values = sql.join(
        columns.map((name) => sql`${step.values[name]}`),
        sql`, `,
      )
      const key = (keys[step.relation] ?? ['id']).map((name) => `${quote(name)}::text`).join(` || ',' || `)
      const where = sql`where ${sql.raw(key)} = ${step.recordId}`
      if (step.kind === 'set' && columns.length === 0) continue
      if (step.kind === 'remove') await tx.execute(sql`delete from ${table} ${where}`)
      else if (step.kind === 'restore')
        await tx.execute(sql`insert into ${table} (${names}) overriding system value values (${values})`)
      else await tx.execute(sql`update ${table} set (${names}) = row(${values}) ${where}`)
    }
  })
}
