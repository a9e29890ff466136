import { postgresErrorOf } from '@/lib/db/postgres-errors'
import type { Transaction } from '@/lib/db/transaction'
import type { RowSets, StoredRow } from '@/lib/storage'
import type { OperationContext } from '../context'
import { toRecord } from '../record'
import type { Resource } from '../tree'
import { type CreateInput, createInside, finishCreate, prepareCreate } from './create'
import { deleteInside } from './delete'
import { operationContext } from './road'
import { attempt } from './savepoint'
import { finishUpdate, prepareUpdate, type UpdateInput, updateInside } from './update'

/*
 * The road for many records of one resource at once: for each the same policy, validators and hooks in the same order,
 * but one statement for all of them. So the before hooks of all come first, then the statement, then the after hooks of
 * all. Hooks and validators that use the transaction before the statement might see what others of the set have not
 * written yet, and a constraint might hold record by record but not in between: then all go one by one.
 */

/** Creates records whose keys are given. All or none. */
export function createSet(ctx: OperationContext, resource: Resource, inputs: readonly CreateInput[]): Promise<void> {
  return together(ctx, resource.overrides.insert ? undefined : resource.storage.sets, inputs, {
    prepare: (inside, input) => prepareCreate(inside, resource, input),
    write: (inside, sets, prepared) =>
      sets.insertAll(
        inside.tx,
        prepared.map(({ draft }) => draft.texts()),
      ),
    finish: (row, { links }) => finishCreate(ctx, resource, row, links),
    single: (input) => createInside(ctx, resource, input),
  })
}

/** Changes records that were loaded and locked for it, each once. All or none. */
export function updateSet(
  ctx: OperationContext,
  resource: Resource,
  writes: readonly { row: StoredRow; input: UpdateInput }[],
): Promise<void> {
  return together(ctx, resource.overrides.update ? undefined : resource.storage.sets, writes, {
    async prepare(inside, { row, input }) {
      const { prepared } = await prepareUpdate(inside, resource, row, input)
      if (!prepared) return undefined
      const texts = prepared.draft.texts()
      // A record that gets another key is no longer found under the one it was loaded by.
      if (resource.keyFields.some(({ name }) => name in texts)) throw new OneByOne()
      return { ...prepared, row, texts }
    },
    write: (inside, sets, prepared) => sets.updateAll(inside.tx, prepared),
    finish: (row, prepared) => finishUpdate(ctx, resource, row, prepared),
    single: ({ row, input }) => updateInside(ctx, resource, row.id, input, { locked: row }),
  })
}

/** Deletes records that were loaded and locked for it. All or none. */
export function deleteSet(ctx: OperationContext, resource: Resource, rows: readonly StoredRow[]): Promise<void> {
  return together(ctx, resource.overrides.delete ? undefined : resource.storage.sets, rows, {
    async prepare(inside, row) {
      const record = toRecord(resource, row.texts)
      await resource.hooks.beforeDelete(inside, record)
      return { row, record }
    },
    async write(inside, sets, prepared) {
      const gone = prepared.map(({ row }) => row)
      await sets.removeAll(inside.tx, gone)
      return gone
    },
    finish: (_row, { record }) => resource.hooks.afterDelete(ctx, record),
    single: (row) => deleteInside(ctx, resource, row.id, row),
  })
}

interface Phases<Item, Prepared> {
  /** Before the statement; undefined where there is nothing to write. */
  prepare(inside: OperationContext, item: Item): Promise<Prepared | undefined>
  write(inside: OperationContext, sets: RowSets, prepared: Prepared[]): Promise<StoredRow[]>
  finish(row: StoredRow, prepared: Prepared): Promise<void>
  single(item: Item): Promise<unknown>
}

/** Says that the set has to go one by one. */
class OneByOne extends Error {}

async function together<Item, Prepared>(
  ctx: OperationContext,
  sets: RowSets | undefined,
  items: readonly Item[],
  { prepare, write, finish, single }: Phases<Item, Prepared>,
): Promise<void> {
  const prepared = sets && items.length > 1 ? await prepareAll(ctx, items, prepare) : undefined
  let rows: StoredRow[] = []
  const { error } = prepared
    ? await attempt(ctx, async (inside) => {
        if (prepared.length > 0) rows = await write(inside, sets!, prepared)
      })
    : { error: new OneByOne() }
  if (!error) {
    for (const [at, row] of rows.entries()) await finish(row, prepared![at]!)
    return
  }
  // A constraint that the statement broke on its way may hold record by record; if not, that says which record it was.
  const isBroken = postgresErrorOf(error)?.code.startsWith('23')
  if (!(error instanceof OneByOne) && !isBroken) throw error
  for (const item of items) await single(item)
}

/** Undefined where a hook or validator wants to use the transaction. */
async function prepareAll<Item, Prepared>(
  ctx: OperationContext,
  items: readonly Item[],
  prepare: Phases<Item, Prepared>['prepare'],
): Promise<Prepared[] | undefined> {
  let isUsed = false
  const tx = unusable(ctx.tx, () => {
    isUsed = true
    throw new OneByOne()
  })
  const inside = operationContext(ctx, tx)
  const prepared: Prepared[] = []
  for (const item of items) {
    try {
      const one = await prepare(inside, item)
      if (one) prepared.push(one)
    } catch (error) {
      if (!isUsed && !(error instanceof OneByOne)) throw error
      return undefined
    }
    if (isUsed) return undefined
  }
  return prepared
}

const unusable = (tx: Transaction, refuse: () => never): Transaction =>
  new Proxy(tx, {
    get(_target, property) {
      // Awaiting a promise of the context looks whether it is one itself.
      return property === 'then' ? undefined : refuse()
    },
  })
