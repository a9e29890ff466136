// A process that sweeps and writes ephemeral records without end, for tests that kill it. Its delete hook tells
// public.told in the record's own transaction; public.acknowledged knows what it was told is saved.
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { expireRecords } from '@/lib/admin/operations/expire'
import { updateRecord } from '@/lib/admin/operations/update'
import { connect } from '@/lib/db/client'
import { createTestAdmin } from '@/tests/support/admin'
import { carts, cartsAdmin } from './storage-tables'

process.stdin.on('end', () => process.exit(1)).resume()

const { databaseUrl } = JSON.parse(process.env.WORKER_OPTIONS ?? '{}') as { databaseUrl: string }
const db = connect(databaseUrl, { max: 3 })
const { ctx, of } = await createTestAdmin(
  db,
  cartsAdmin({
    afterDelete: async ({ tx }, { id }) => {
      await tx.execute(sql`insert into told (cart) values (${id})`)
      await sleep(1)
    },
  }),
)
process.stdout.write('ready\n')

async function sweep(): Promise<never> {
  for (;;) {
    await expireRecords(ctx, of(carts))
    await sleep(20)
  }
}

async function write(): Promise<never> {
  for (;;) {
    const { row } = await updateRecord({ ctx }, of(carts), 'survivor', {
      typed: { count: Number((await of(carts).storage.load(ctx.db, 'survivor'))?.texts.count) + 1 },
    })
    await db.sql`insert into acknowledged (count) values (${Number(row.texts.count)})`
  }
}

await Promise.all([sweep(), write()])
