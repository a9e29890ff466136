import type { SQL } from 'drizzle-orm'
import { PgDialect } from 'drizzle-orm/pg-core'
import type { RequestContext } from '@/lib/admin/context'
import { formatArray } from '@/lib/admin/fields/array/literal'
import type { Database } from '@/lib/db/client'

/** A statement as it went to the database. */
export interface Statement {
  text: string
  params: string[]
}

const dialect = new PgDialect()

const textOf = (param: unknown) => (Array.isArray(param) ? formatArray(param.map(String)) : String(param))

/** A context whose statements are also noted down, in the order they begin. */
export function noting(ctx: RequestContext, noted: Statement[]): RequestContext {
  const db = new Proxy(ctx.db, {
    get(target, name, receiver) {
      if (name !== 'execute') return Reflect.get(target, name, receiver)
      return (query: SQL) => {
        const { sql: text, params } = dialect.sqlToQuery(query)
        noted.push({ text: text.replace(/\s+/g, ' ').trim(), params: params.map(textOf) })
        return target.execute(query)
      }
    },
  })
  return { ...ctx, db }
}

/** How the database carries a statement out, as EXPLAIN ANALYZE says it. */
export async function planOf(db: Database, { text, params }: Statement): Promise<string> {
  const plan = await db.sql.unsafe(`explain (analyze, buffers, costs off, timing off) ${text}`, params)
  return plan.map((row) => row['QUERY PLAN']).join('\n')
}
