import { sql } from 'drizzle-orm'
import { isConnectionLost, isTransient } from '@/lib/db/postgres-errors'
import type { Transaction } from '@/lib/db/transaction'
import type { OperationContext } from '../context'
import { operationContext } from './road'

/** What a step threw, if it did. */
export interface Attempt {
  error?: unknown
}

/** A step repeated for many records, and whether it has shown that it writes. */
export interface RepeatedStep {
  writes: boolean
}

/**
 * Runs one step of a transaction whose failure undoes that step alone.
 *
 * A savepoint is two round trips, too much for each of ten thousand records whose hooks only look at what they are
 * given. So where `step` says that it did not write the last time, the savepoint is set by its first statement. An
 * error of the database under such a late savepoint still fails the whole transaction (the driver insists on savepoints
 * of its own making): the caller then has to do it again without `step`.
 * @throws what may be otherwise when the whole transaction is tried again: a deadlock, a lost connection
 */
export async function attempt(
  ctx: OperationContext,
  work: (inside: OperationContext) => unknown,
  step: RepeatedStep = { writes: true },
): Promise<Attempt> {
  try {
    await (step.writes ? inSavepoint : inLateSavepoint)(ctx, work, step)
    return {}
  } catch (error) {
    if (isTransient(error) || isConnectionLost(error)) throw error
    return { error: error ?? new Error('Something threw nothing.') }
  }
}

type Run = (ctx: OperationContext, work: (inside: OperationContext) => unknown, step: RepeatedStep) => Promise<void>

const inSavepoint: Run = async (ctx, work, step) => {
  let writes = false
  await ctx.tx.transaction(async (savepoint) => {
    const tx = beforeUse(savepoint, () => {
      writes = true
    })
    await work(operationContext(ctx, tx))
  })
  step.writes = writes
}

const inLateSavepoint: Run = async (ctx, work, step) => {
  const run = (statement: string) => ctx.tx.execute(sql.raw(statement)).then(() => undefined)
  let begun: Promise<unknown> | undefined
  const tx = beforeUse(ctx.tx, () => {
    // Statements of one connection are carried out in the order they were sent, so this one need not be waited for.
    begun ??= run('savepoint kontor_step')
    step.writes = true
  })
  try {
    await work(operationContext(ctx, tx))
    if (begun) await Promise.all([begun, run('release savepoint kontor_step')])
  } catch (error) {
    if (begun) await Promise.all([begun, run('rollback to savepoint kontor_step')])
    throw error
  }
}

/** The same transaction, which says so before anything is done with it. */
function beforeUse(tx: Transaction, notice: () => void): Transaction {
  return new Proxy(tx, {
    get(target, property) {
      notice()
      const value: unknown = Reflect.get(target, property, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
