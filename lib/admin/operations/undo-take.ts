import { sql } from 'drizzle-orm'
import { groupBy } from '@/lib/db/group-by'
import { isConnectionLost, isTransient } from '@/lib/db/postgres-errors'
import { encodeRecordId } from '@/lib/db/record-id'
import { undoesOf } from '@/lib/history'
import type { OperationContext } from '../context'
import { refusal, rowCondition } from '../policy'
import { explain } from './explain'
import { createSet, deleteSet, updateSet } from './in-sets'
import { loadRows } from './undo-subject'
import type { WeighedStep } from './undo-weigh'

/** Records written by one statement, and characters of their values: a statement must stay far below its time limit. */
const MOST_RECORDS = 500
const MOST_TEXT = 4_000_000

/** Takes steps back in their turns, each by its resource's own operation; the log names what each undid. */
export async function takeSteps(ctx: OperationContext, steps: readonly WeighedStep[]): Promise<void> {
  for (const batch of batchesOf(steps)) {
    const { subject, step } = batch[0]!
    const said = undoesOf(batch.map((own) => own.step).filter(({ undoes }) => undoes.length > 0))
    await ctx.tx.execute(sql`select set_config('kontor.undoes', ${said}, true)`)
    try {
      if (subject.link) await takeLinks(ctx, batch)
      else if (step.kind === 'restore') await restore(ctx, batch)
      else await change(ctx, batch)
    } catch (error) {
      if (isTransient(error) || isConnectionLost(error)) throw error
      throw await explain(error, { ctx, resource: subject.resource })
    }
  }
  await ctx.tx.execute(sql`select set_config('kontor.undoes', '', true)`)
}

/** Steps of one turn, table and kind, in pieces a statement can take. */
function batchesOf(steps: readonly WeighedStep[]): WeighedStep[][] {
  const inTurn = [...steps].sort((a, b) => a.step.turn - b.step.turn)
  const groups = groupBy(inTurn, ({ step: { turn, kind, relation } }) => `${turn} ${kind} ${relation}`)
  return [...groups.values()].flatMap((group) => {
    const batches: WeighedStep[][] = []
    let room = 0
    for (const own of group) {
      const size = Object.values(own.texts).reduce((sum, text) => sum + (text?.length ?? 0), 0)
      if (batches.length === 0 || batches.at(-1)!.length === MOST_RECORDS || room < size) {
        batches.push([])
        room = MOST_TEXT
      }
      batches.at(-1)!.push(own)
      room -= size
    }
    return batches
  })
}

/** Records come back under their own keys, as far as the person may then see them. */
async function restore(ctx: OperationContext, batch: readonly WeighedStep[]): Promise<void> {
  const { resource, storage } = batch[0]!.subject
  await createSet(
    ctx,
    resource,
    batch.map(({ texts }) => ({ exact: texts })),
  )
  if (!resource.scope(ctx)) return
  const ids = batch.map(({ step }) => step.recordId)
  const seen = await loadRows(ctx, storage, ids, { where: await rowCondition(ctx, resource, 'read', 't') })
  if (seen.size < ids.length) throw refusal(resource, 'create')
}

/** Records are set back or removed. What an earlier turn touched is read again. */
async function change(ctx: OperationContext, batch: readonly WeighedStep[]): Promise<void> {
  const [{ subject, step }] = batch as [WeighedStep]
  const { resource, storage } = subject
  const fresh =
    step.turn > 0
      ? await loadRows(
          ctx,
          storage,
          batch.map((own) => own.step.recordId),
          { lock: true },
        )
      : undefined
  const rows = batch.flatMap(({ row, texts, step: { recordId } }) => {
    const now = fresh ? fresh.get(recordId) : row
    return now ? [{ row: now, texts }] : []
  })
  if (step.kind === 'remove') {
    await deleteSet(
      ctx,
      resource,
      rows.map(({ row }) => row),
    )
    return
  }
  await updateSet(
    ctx,
    resource,
    rows.map(({ row, texts }) => ({ row, input: { exact: texts } })),
  )
}

/** Rows of a join table: links that came or went, changed by whoever may change the records they belong to. */
async function takeLinks(ctx: OperationContext, batch: readonly WeighedStep[]): Promise<void> {
  const [{ subject, step }] = batch as [WeighedStep]
  const { resource, link, storage } = subject
  if (!link || !storage.sets) return
  const known = (own: WeighedStep) => ({ ...own.row?.texts, ...own.texts })
  const owners = [
    ...new Set(batch.map((own) => encodeRecordId(link.ownColumns.map(({ field }) => known(own)[field] ?? '')))),
  ]
  const mine = await loadRows(ctx, resource.storage, owners, {
    where: await rowCondition(ctx, resource, 'update', 't'),
  })
  if (mine.size < owners.length) throw refusal(resource, 'update')
  const rows = batch.flatMap(({ row, texts }) => (row ? [{ row, texts }] : []))
  if (step.kind === 'restore')
    await storage.sets.insertAll(
      ctx.tx,
      batch.map(({ texts }) => texts),
    )
  else if (step.kind === 'set') await storage.sets.updateAll(ctx.tx, rows)
  else
    await storage.sets.removeAll(
      ctx.tx,
      rows.map(({ row }) => row),
    )
}
