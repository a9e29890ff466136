import type postgres from 'postgres'
import { ALERT_KIND } from '../effect'
import { type Handlers, isLimited } from '../handler'
import type { Carrier, Offer } from '../queue/carrier'
import { type Ending, runAttempt, StoppingError } from './attempt'
import { type ClaimedEffect, createClaimer } from './claim'
import type { ContextParts } from './context'
import { startDispatcher } from './dispatcher'
import { createGate } from './gate'
import { keepLeases } from './leases'
import { withdrawOffers } from './offer'
import { measurePace } from './pace'
import { revokeOverdue } from './reconcile'
import { createSettler, type FollowUp, type Settlement } from './settle'
import { createSlots } from './slots'

export interface EffectsSettings {
  /** Handlers this process runs at once. Default 16. */
  concurrency: number
  /** A worker that gives no sign of life for so long loses what it runs: 15 s at least. Default 30 s. */
  leaseMs: number
  /** An offer no worker took within this is made again. Default 30 s. */
  offerMs: number
  /** How often overdue leases are looked for. Default 5 s. */
  reconcileMs: number
  /** How often due effects are looked for without any ring. Default 1 s. */
  pollMs: number
}

export const DEFAULT_SETTINGS: EffectsSettings = {
  concurrency: 16,
  leaseMs: 30_000,
  offerMs: 30_000,
  reconcileMs: 5000,
  pollMs: 1000,
}

export interface EffectsWorkerParts extends ContextParts {
  /** A connection of its own for the doorbell, past any pooler. */
  listener: postgres.Sql
  carrier: Carrier
  handlers: Handlers
  /** Names this process in rows and logs. */
  worker: string
  settings?: Partial<EffectsSettings>
  /** Told of every attempt that ended: metrics. */
  onEnded?: (kind: string, outcome: Settlement['outcome'] | 'lost' | 'deferred', tookMs: number) => void
}

export interface EffectsWorker {
  /** Handlers that run now. */
  busy(): number
  /**
   * Takes nothing more, waits for what runs, and after `graceMs` aborts it and hands it back: another worker runs it,
   * without it counting as an attempt.
   */
  stop(graceMs: number): Promise<void>
}

type Taken = Pick<Offer, 'kind' | 'ids' | 'isSuspect'>

/** Carries out effects in this process until stopped: dispatches, runs, renews, settles and reconciles. */
export async function runEffectsWorker(parts: EffectsWorkerParts): Promise<EffectsWorker> {
  const { db, carrier, handlers, log, worker } = parts
  const settings = { ...DEFAULT_SETTINGS, ...parts.settings }
  const { sql } = db
  const ended = new AbortController()
  const pace = measurePace()
  const slots = createSlots(settings.concurrency)
  const leases = keepLeases(sql, settings.leaseMs, log)
  const claim = createClaimer(sql, worker, settings.leaseMs)
  const settle = createSettler(sql, worker, log, ended.signal)
  const controllers = new Set<AbortController>()
  const alertKind = handlers.has(ALERT_KIND) ? ALERT_KIND : undefined
  let isStopping = false

  const dispatcher = startDispatcher({
    sql,
    carrier,
    handlers,
    log,
    depth: settings.concurrency * 2,
    offerMs: settings.offerMs,
    pollMs: settings.pollMs,
    batchSize: pace.batchSize,
  })

  const gate = createGate(settings.leaseMs)
  const take = async (offer: Taken) => {
    try {
      await (offer.isSuspect ? gate.alone(() => carryOutAll(offer)) : gate.shared(() => carryOutAll(offer)))
    } catch (error) {
      // What was not claimed is offered again, what was claimed is revoked when its lease is over.
      log.error({ err: error, kind: offer.kind, effects: offer.ids.length }, 'an offer could not be carried out')
    }
  }

  const carryOutAll = async ({ kind, ids, isSuspect }: Taken) => {
    const handler = handlers.get(kind)
    // Another version of the application has the handler: leave it to the workers that know it.
    if (!handler || isStopping) return withdrawOffers(sql, ids, handler ? 0 : 1000)
    const claimed = await claim(
      ids.map((id) => ({ id, maxAttempts: handler.maxAttempts, isSuspect, isLimited: isLimited(handler) })),
    )
    dispatcher.refill()
    await Promise.all(claimed.map((effect) => effect && carryOut(effect)))
    dispatcher.refill()
  }

  /** One attempt from claim to settlement. */
  const carryOut = async (effect: ClaimedEffect) => {
    const handler = handlers.get(effect.kind)
    if (!handler) return
    const controller = new AbortController()
    controllers.add(controller)
    if (isStopping) controller.abort(new StoppingError('The worker is stopping.'))
    const lease = leases.hold(effect, (error) => controller.abort(error))
    try {
      const ending = await slots.run(() =>
        runAttempt(effect, handler, controller, parts, {
          onDeferred: lease.release,
          onLate: (what) => void recordLate(effect, what),
        }),
      )
      await writeBack(effect, ending)
    } catch (error) {
      // The lease runs out and the effect is offered again.
      log.error({ err: error, effect: effect.id, kind: effect.kind }, 'an attempt could not be written back')
    } finally {
      lease.release()
      controllers.delete(controller)
    }
  }

  const writeBack = async (effect: ClaimedEffect, ending: Ending) => {
    if (ending.is === 'lost') {
      log.warn({ effect: effect.id, kind: effect.kind, attempt: effect.attempt }, 'the lease was lost')
      parts.onEnded?.(effect.kind, 'lost', 0)
    } else if (ending.is === 'deferred') {
      await insertFollowUps(sql, effect.id, ending.followUps)
      parts.onEnded?.(effect.kind, 'deferred', 0)
    } else {
      const { settlement, tookMs } = ending
      pace.note(effect.kind, tookMs)
      const isAccepted = (await settle([withAlert(settlement, effect, alertKind)]))[0]
      parts.onEnded?.(effect.kind, isAccepted ? settlement.outcome : 'lost', tookMs)
      if (settlement.error) {
        const { outcome, status, error } = settlement
        log.warn(
          { effect: effect.id, kind: effect.kind, attempt: effect.attempt, outcome, status, error },
          'effect not completed',
        )
      }
    }
  }

  const recordLate = async (effect: ClaimedEffect, what: string) => {
    try {
      await sql`insert into kontor.effect_attempts (effect_id, kind, attempt, worker, outcome, error)
        values (${effect.id}, ${effect.kind}, ${effect.attempt}, ${worker}, 'late', ${what})`
    } catch (error) {
      log.warn({ err: error, effect: effect.id }, 'a late result could not be recorded')
    }
  }

  const reconcile = async () => {
    try {
      const revoked = await revokeOverdue(sql, alertKind)
      for (const effect of revoked) log.warn({ effect: effect.id, kind: effect.kind, status: effect.status }, 'overdue')
      if (revoked.length > 0) dispatcher.ring()
    } catch (error) {
      log.warn({ err: error }, 'overdue effects could not be looked for')
    }
  }

  const listening = await parts.listener.listen(
    'kontor_effects',
    () => dispatcher.ring(),
    () => dispatcher.ring(), // connected again: rings were missed
  )
  let reconciling: Promise<void> = reconcile()
  const reconciler = setInterval(() => {
    reconciling = reconciling.then(reconcile)
  }, settings.reconcileMs)
  const consumer = await carrier.consume(take, {
    concurrency: settings.concurrency,
    name: worker,
    leaseMs: settings.leaseMs,
    onError: (error) => log.warn({ err: error }, 'queue'),
  })
  dispatcher.ring()

  return {
    busy: slots.busy,
    async stop(graceMs) {
      isStopping = true
      clearInterval(reconciler)
      await Promise.all([dispatcher.stop(), listening.unlisten().catch(() => {}), reconciling])
      const closed = consumer.close()
      const overtime = setTimeout(() => {
        for (const controller of controllers) controller.abort(new StoppingError('The worker had to stop.'))
      }, graceMs)
      // What could not be handed back in time (the database is away) is offered again when its lease is over.
      const givenUp = setTimeout(() => ended.abort(), graceMs + 2000)
      await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, graceMs + 3000).unref())])
      clearTimeout(overtime)
      clearTimeout(givenUp)
      ended.abort()
      leases.stop()
    },
  }
}

function withAlert(settlement: Settlement, effect: ClaimedEffect, alertKind: string | undefined): Settlement {
  if (settlement.status !== 'dead' || !alertKind || effect.kind === alertKind) return settlement
  const payload = JSON.stringify({
    id: effect.id,
    kind: effect.kind,
    attempts: effect.attempt,
    error: settlement.error,
  })
  const alert: FollowUp = { kind: alertKind, payload, dedupeKey: `${effect.id}.${effect.attempt}` }
  return { ...settlement, followUps: [...settlement.followUps, alert] }
}

/** What an attempt that waits for its callback asked for meanwhile. */
async function insertFollowUps(sql: postgres.Sql, parent: string, followUps: readonly FollowUp[]): Promise<void> {
  for (const { kind, payload, dedupeKey = null, runAt = null } of followUps) {
    await sql`insert into kontor.effects (kind, payload, dedupe_key, run_at, created_by, request_id)
      values (${kind}, ${payload}::jsonb, ${dedupeKey}, coalesce(${runAt}::timestamptz, now()), ${`effect:${parent}`}, ${parent})
      on conflict (kind, dedupe_key) where dedupe_key is not null do nothing`
  }
}
