import { pageContext } from '@/app/context'
import type { RequestContext } from '@/lib/admin'
import {
  countStates,
  EFFECT_STATES,
  type EffectFilter,
  type EffectRow,
  effectsPulse,
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
import { DeadNotice } from '../dead-notice'
import { RefreshOnChange } from '../live/refresh-on-change'
import { Moment } from '../moment'
import { isOwner } from '../owners'
import { WorkerNotice } from '../worker-notice'
import { BulkActions } from './bulk-actions'
import { EffectFilters } from './effect-filters'
import { type EffectSearch, effectFilter, effectsHref, readEffectSearch } from './effect-search'
import styles from './effects.module.css'
import { RateChart } from './rate-chart'
import { recentSeries } from './recent-series'
import { STATES } from './states'

interface Props {
  searchParams: Promise<Record<string, string | string[] | undefined>>
}

/** Consequences as rows: what was asked for, how it went, and what to do about what went wrong. */
export default async function EffectsPage({ searchParams }: Props) {
  const [ctx, search] = await Promise.all([pageContext(), searchParams])
  if (!isOwner(ctx)) notAllowed()
  const { db } = await getRuntime()
  const { asked, notices } = readEffectSearch(search)
  const filter = effectFilter(asked, ctx.timeZone)
  const pulse = await effectsPulse(db.sql) // before what it stands for is read: a change in between is then seen
  const [page, counts, kinds, series] = await Promise.all([
    readPage(db.sql, filter, asked),
    countStates(db.sql, filter.kinds),
    listKinds(db.sql),
    recentSeries(db.sql, ctx.clock.now(), filter.kinds),
  ])
  const isFiltered = Boolean(asked.state || asked.kind || asked.q || asked.from || asked.to)
  return (
    <Page title="Effects" path={[{ label: 'System' }, { label: 'Effects' }]}>
      <RefreshOnChange topic="effects" pulse={pulse} />
      <PageHead title="Effects" description="What happens outside the database because something in it changed.">
        <BulkActions asked={asked} count={asked.state ? counts[asked.state].count : 0} />
      </PageHead>
      <WorkerNotice />
      {asked.state !== 'dead' && <DeadNotice ctx={ctx} />}
      {[...notices, ...(page.notice ? [page.notice] : [])].map((notice) => (
        <Banner key={notice} tone="warn">
          {notice}
        </Banner>
      ))}
      <section className={`${card.card} ${styles.chart}`} aria-label="Attempts in the last day">
        <RateChart points={series} ctx={ctx} />
      </section>
      <nav className={styles.states} aria-label="States">
        <PageLink href={effectsHref(asked, { state: undefined })} aria-current={asked.state ? undefined : 'true'}>
          All
        </PageLink>
        {EFFECT_STATES.map((state) => (
          <PageLink
            key={state}
            href={effectsHref(asked, { state })}
            aria-current={asked.state === state ? 'true' : undefined}
          >
            {STATES[state].label} <span className={styles.count}>{countWords(ctx, counts[state])}</span>
          </PageLink>
        ))}
      </nav>
      <EffectFilters asked={asked} kinds={kinds} />
      <section className={card.card}>
        {page.rows.length === 0 ? (
          <EmptyState icon={<Icon name="zap" size={22} />} title={isFiltered ? 'No effect matches' : 'No effects yet'}>
            {isFiltered
              ? page.searchedTo
                ? 'Nothing found so far; go on to older ones.'
                : 'Choose another state, kind, time or search.'
              : 'A hook (ctx.effect), a trigger, psql or POST /api/effects requests one; it appears here with its result.'}
          </EmptyState>
        ) : (
          <PlainTable label="Effects" columns={columnsFor(ctx)} rows={page.rows} keyOf={({ id }) => id} />
        )}
        {(page.after || page.before) && (
          <div className={styles.tail}>
            {page.searchedTo && (
              <span className={styles.searched}>
                Searched back to <Moment ctx={ctx} text={page.searchedTo} />
              </span>
            )}
            <ButtonLink size="small" href={page.before && effectsHref(asked, { before: page.before })}>
              ‹ Newer
            </ButtonLink>
            <ButtonLink size="small" href={page.after && effectsHref(asked, { after: page.after })}>
              Older ›
            </ButtonLink>
          </div>
        )}
      </section>
    </Page>
  )
}

/** A damaged cursor falls back to the first page and says so. */
async function readPage(db: Parameters<typeof listEffects>[0], filter: EffectFilter, { after, before }: EffectSearch) {
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
    { label: 'Attempts', align: 'end', isWide: true, cell: ({ attempts }) => attempts },
    { label: 'Last error', isWide: true, cell: ({ lastError }) => <span className={styles.error}>{lastError}</span> },
    { label: 'Requested', isQuiet: true, cell: ({ createdAt }) => <Moment ctx={ctx} text={createdAt} /> },
  ]
}
