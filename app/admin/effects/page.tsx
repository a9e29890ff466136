import { pageContext } from '@/app/context'
import type { RequestContext } from '@/lib/admin'
import {
  attemptSeries,
  countStates,
  EFFECT_STATES,
  type EffectRow,
  type EffectState,
  listEffects,
  listKinds,
} from '@/lib/effects'
import { AdminError } from '@/lib/errors'
import { getRuntime } from '@/lib/runtime'
import { Banner } from '@/lib/ui/banner/banner'
import { ButtonLink } from '@/lib/ui/button/button'
import card from '@/lib/ui/card.module.css'
import { EmptyState } from '@/lib/ui/empty-state/empty-state'
import { Icon } from '@/lib/ui/icon'
import { Page, PageHead } from '@/lib/ui/page/page'
import { PageLink } from '@/lib/ui/page-link'
import { type PlainColumn, PlainTable } from '@/lib/ui/plain-table/plain-table'
import { Status } from '@/lib/ui/status/status'
import { notAllowed } from '../../page-outcome'
import { ActionButton } from '../action-button'
import { Moment } from '../moment'
import { isOwner } from '../owners'
import { WorkerNotice } from '../worker-notice'
import { changeEffects } from './actions'
import styles from './effects.module.css'
import { RateChart } from './rate-chart'
import { STATES } from './states'

interface Props {
  searchParams: Promise<Record<string, string | string[] | undefined>>
}

const DAY_MS = 86_400_000

/** Consequences as rows: what was asked for, how it went, and what to do about what went wrong. */
export default async function EffectsPage({ searchParams }: Props) {
  const [ctx, search] = await Promise.all([pageContext(), searchParams])
  if (!isOwner(ctx)) notAllowed()
  const { db } = await getRuntime()
  const filter = readFilter(search)
  const now = ctx.clock.now()
  const [page, counts, kinds, series] = await Promise.all([
    readPage(db.sql, filter),
    countStates(db.sql, filter.kind ? [filter.kind] : undefined),
    listKinds(db.sql),
    attemptSeries(db.sql, { from: new Date(now.getTime() - DAY_MS), to: now, steps: 48 }),
  ])
  const href = (change: Partial<typeof filter>) =>
    address({ ...filter, after: undefined, before: undefined, ...change })
  const isFiltered = Boolean(filter.state || filter.kind || filter.q)
  return (
    <Page title="Effects" path={[{ label: 'System' }, { label: 'Effects' }]}>
      <PageHead title="Effects" description="What happens outside the database because something changed in it.">
        <BulkActions filter={filter} count={filter.state ? counts[filter.state].count : 0} />
      </PageHead>
      <WorkerNotice />
      {page.notice && <Banner tone="warn">{page.notice}</Banner>}
      <section className={`${card.card} ${styles.chart}`} aria-label="Attempts in the last day">
        <RateChart points={series} ctx={ctx} />
      </section>
      <nav className={styles.states} aria-label="States">
        <PageLink href={href({ state: undefined })} aria-current={filter.state ? undefined : 'true'}>
          All
        </PageLink>
        {EFFECT_STATES.map((state) => (
          <PageLink key={state} href={href({ state })} aria-current={filter.state === state ? 'true' : undefined}>
            {STATES[state].label} <span className={styles.count}>{countWords(ctx, counts[state])}</span>
          </PageLink>
        ))}
      </nav>
      <form method="get" action="/admin/effects" className={styles.filters}>
        {filter.state && <input type="hidden" name="state" value={filter.state} />}
        <input
          type="search"
          name="q"
          defaultValue={filter.q}
          placeholder="Search payloads"
          aria-label="Search payloads"
        />
        <select name="kind" defaultValue={filter.kind ?? ''} aria-label="Kind">
          <option value="">Every kind</option>
          {kinds.map((kind) => (
            <option key={kind}>{kind}</option>
          ))}
        </select>
        <button type="submit">Show</button>
        {isFiltered && <PageLink href="/admin/effects">Clear</PageLink>}
      </form>
      <section className={card.card}>
        {page.rows.length === 0 ? (
          <EmptyState icon={<Icon name="zap" size={22} />} title={isFiltered ? 'No effect matches' : 'No effects yet'}>
            {isFiltered
              ? 'Choose another state, kind or search.'
              : 'A hook (ctx.effect), a trigger, psql or POST /api/effects requests one; it appears here with its result.'}
          </EmptyState>
        ) : (
          <PlainTable label="Effects" columns={columnsFor(ctx)} rows={page.rows} keyOf={({ id }) => id} />
        )}
        {(page.after || page.before) && (
          <div className={styles.tail}>
            <ButtonLink size="small" href={page.before && href({ before: page.before })}>
              ‹ Newer
            </ButtonLink>
            <ButtonLink size="small" href={page.after && href({ after: page.after })}>
              Older ›
            </ButtonLink>
          </div>
        )}
      </section>
    </Page>
  )
}

type Filter = { state?: EffectState; kind?: string; q?: string; after?: string; before?: string }

function readFilter(search: Record<string, string | string[] | undefined>): Filter {
  const one = (name: string) => {
    const value = search[name]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const state = EFFECT_STATES.find((known) => known === one('state'))
  return { state, kind: one('kind'), q: one('q'), after: one('after'), before: one('before') }
}

function address(filter: Filter): string {
  const query = new URLSearchParams(Object.entries(filter).flatMap(([name, value]) => (value ? [[name, value]] : [])))
  return query.size > 0 ? `/admin/effects?${query}` : '/admin/effects'
}

/** A damaged cursor falls back to the first page and says so. */
async function readPage(db: Parameters<typeof listEffects>[0], { state, kind, q, after, before }: Filter) {
  const filter = { states: state && [state], kinds: kind ? [kind] : undefined, text: q }
  try {
    return { ...(await listEffects(db, { filter, after, before })), notice: undefined }
  } catch (error) {
    if (!(error instanceof AdminError)) throw error
    return { ...(await listEffects(db, { filter })), notice: error.message }
  }
}

const countWords = (ctx: RequestContext, { count, isCapped }: { count: number; isCapped: boolean }) =>
  `${new Intl.NumberFormat(ctx.locale).format(count)}${isCapped ? '+' : ''}`

function columnsFor(ctx: RequestContext): PlainColumn<EffectRow>[] {
  return [
    { label: 'Kind', cell: ({ id, kind }) => <PageLink href={`/admin/effects/${id}`}>{kind}</PageLink> },
    { label: 'State', cell: ({ state }) => <Status tone={STATES[state].tone}>{STATES[state].label}</Status> },
    { label: 'Payload', isWide: true, cell: ({ payload }) => <code className={styles.payload}>{payload}</code> },
    { label: 'Attempts', align: 'end', cell: ({ attempts }) => attempts },
    { label: 'Last error', isWide: true, cell: ({ lastError }) => <span className={styles.error}>{lastError}</span> },
    { label: 'Requested', isQuiet: true, cell: ({ createdAt }) => <Moment ctx={ctx} text={createdAt} /> },
  ]
}

/** Run many again: what is offered follows the state that is shown. */
function BulkActions({ filter: { state, kind }, count }: { filter: Filter; count: number }) {
  if (!state || count === 0) return null
  const selection = { states: [state], kinds: kind ? [kind] : undefined }
  const what = `all ${STATES[state].label.toLowerCase().split(',')[0]} effects${kind ? ` of kind ${kind}` : ''}`
  if (state === 'dead' || state === 'failed') {
    return (
      <ActionButton
        label="Retry all…"
        question={`This tries ${what} again, now.`}
        action={changeEffects}
        input={{ operation: 'retry', selection }}
      />
    )
  }
  if (state === 'pending' || state === 'waiting') {
    return (
      <ActionButton
        label="Cancel all…"
        tone="danger"
        question={`This cancels ${what}.`}
        action={changeEffects}
        input={{ operation: 'cancel', selection }}
      />
    )
  }
  return null
}
