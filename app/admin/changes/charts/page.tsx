import { pageContext } from '@/app/context'
import { type ChangeCount, loadStatistics } from '@/lib/admin/history/load-history'
import { Banner } from '@/lib/ui/banner/banner'
import { ButtonLink } from '@/lib/ui/button/button'
import card from '@/lib/ui/card.module.css'
import { EmptyState } from '@/lib/ui/empty-state/empty-state'
import { Icon } from '@/lib/ui/icon'
import { Page, PageHead } from '@/lib/ui/page/page'
import { PageLink } from '@/lib/ui/page-link'
import { PlainTable } from '@/lib/ui/plain-table/plain-table'
import { Moment } from '../../moment'
import { Chart } from './chart'
import styles from './charts.module.css'

interface Props {
  searchParams: Promise<Record<string, string | string[] | undefined>>
}

const ACTIVITY = '/admin/changes'
const SPANS = [7, 30, 90] as const

/** How much changed: day by day, by whom, of what. */
export default async function ActivityChartsPage({ searchParams }: Props) {
  const [ctx, { days: asked }] = await Promise.all([pageContext(), searchParams])
  const span = SPANS.find((days) => String(days) === asked) ?? 30
  const { days, people, resources, total, since } = await loadStatistics(ctx, span)
  const number = new Intl.NumberFormat(ctx.locale)
  const parts = [
    {
      title: 'Changes per day',
      noun: 'Day',
      rows: days,
      kind: 'days',
      href: (day: string) => ({ from: day, to: day }),
    },
    { title: 'By person', noun: 'Person', rows: people, kind: 'bars', href: (who: string) => ({ who }) },
    {
      title: 'By resource',
      noun: 'Resource',
      rows: resources,
      kind: 'bars',
      href: (resource: string) => ({ resource }),
    },
  ] as const
  return (
    <Page
      title="Activity in charts"
      path={[{ label: 'System' }, { label: 'Activity', href: ACTIVITY }, { label: 'Charts' }]}
    >
      <PageHead
        title="Activity in charts"
        description={`${number.format(total)} ${total === 1 ? 'change' : 'changes'} you may see in the last ${span} days.`}
      >
        <nav className={styles.spans} aria-label="Span">
          {SPANS.map((days) => (
            <PageLink
              key={days}
              href={`${ACTIVITY}/charts?days=${days}`}
              aria-current={days === span ? 'page' : undefined}
            >
              {days} days
            </PageLink>
          ))}
        </nav>
        <ButtonLink href={ACTIVITY}>All changes</ButtonLink>
      </PageHead>
      {since && (
        <Banner tone="info">
          So much has changed that only the newest 500,000 changes are counted: those since{' '}
          <Moment ctx={ctx} text={since} />.
        </Banner>
      )}
      {total === 0 ? (
        <section className={card.card}>
          <EmptyState icon={<Icon name="rotate-ccw-clock" size={22} />} title="Nothing changed">
            Nothing that you may see changed in these days.
          </EmptyState>
        </section>
      ) : (
        <div className={styles.grid}>
          {parts.map(({ title, noun, rows, kind, href }) => (
            <section key={title} className={`${card.card} ${styles.chart}`} data-kind={kind} aria-label={title}>
              <h2>{title}</h2>
              <Chart kind={kind} rows={rows.map(({ label, count }) => ({ label, count }))} locale={ctx.locale} />
              <details>
                <summary>As a table</summary>
                <PlainTable<ChangeCount>
                  label={title}
                  rows={rows}
                  keyOf={({ key, label }) => `${key} ${label}`}
                  columns={[
                    {
                      label: noun,
                      cell: ({ key, label, count }) =>
                        key && count > 0 ? (
                          <PageLink href={`${ACTIVITY}?${new URLSearchParams(href(key))}`}>{label}</PageLink>
                        ) : (
                          label
                        ),
                    },
                    { label: 'Changes', align: 'end', cell: ({ count }) => number.format(count) },
                  ]}
                />
              </details>
            </section>
          ))}
        </div>
      )}
    </Page>
  )
}
