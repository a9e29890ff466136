import { pageContext } from '@/app/context'
import type { RequestContext } from '@/lib/admin'
import { loadActivity, loadPeople, resourcesSeenWhole } from '@/lib/admin/history/load-history'
import { sealedUpTo } from '@/lib/history'
import { Banner } from '@/lib/ui/banner/banner'
import { ButtonLink, buttonClass } from '@/lib/ui/button/button'
import card from '@/lib/ui/card.module.css'
import { EmptyState } from '@/lib/ui/empty-state/empty-state'
import { Icon } from '@/lib/ui/icon'
import { Page, PageHead } from '@/lib/ui/page/page'
import { ChangeEntry } from '../history/change-entry'
import { historyFilters, historyHref, readHistorySearch } from '../history/filters'
import styles from '../history/history.module.css'
import { HistoryFilterBar } from '../history/history-filters'
import { RecordingNotice } from '../history/recording-notice'
import { UndoRequestOf, UndoTransaction } from '../history/undo-buttons'
import { UndoSelection } from '../history/undo-selection'
import { Moment } from '../moment'
import { isOwner } from '../owners'
import { WaitingNotice } from '../waiting-notice'
import { Step } from './step'
import { VerifyLog } from './verify-log'

interface Props {
  searchParams: Promise<Record<string, string | string[] | undefined>>
}

const PATH = '/admin/changes'

/** Everything that changed in the database, whoever made it, one entry a transaction or background undo; or what one of them changed. */
export default async function ActivityPage({ searchParams }: Props) {
  const [ctx, search] = await Promise.all([pageContext(), searchParams])
  const { asked, notices } = readHistorySearch(search)
  const { tx, request } = asked
  if (tx || request) return <Step ctx={ctx} step={tx ? { tx } : { request: request ?? '' }} cursor={asked.before} />
  const [seen, people, view] = await Promise.all([
    resourcesSeenWhole(ctx),
    loadPeople(ctx),
    loadActivity(ctx, {
      resources: asked.resource ? [asked.resource] : undefined,
      filters: historyFilters(asked, ctx.timeZone),
      cursor: asked.before,
      limit: 25,
    }),
  ])
  return (
    <Page title="Activity" path={[{ label: 'System' }, { label: 'Activity' }]}>
      <PageHead title="Activity" description={<Sealed ctx={ctx} />}>
        <ButtonLink href={`${PATH}/charts`}>Charts</ButtonLink>
        {isOwner(ctx) && (
          <>
            <VerifyLog />
            <a className={buttonClass()} href={`${PATH}/seal`} download>
              Export seal
            </a>
          </>
        )}
      </PageHead>
      <WaitingNotice ctx={ctx} />
      <RecordingNotice />
      {notices.map((notice) => (
        <Banner key={notice} tone="warn">
          {notice}
        </Banner>
      ))}
      <HistoryFilterBar path={PATH} asked={asked} resources={seen.filter(({ hidden }) => !hidden)} people={people} />
      <section className={card.card}>
        {view.changes.length === 0 && (
          <EmptyState icon={<Icon name="rotate-ccw-clock" size={22} />} title="Nothing to see">
            {view.searchedTo
              ? 'Nothing found so far; go on to older changes.'
              : 'No change matches. Changes appear here as soon as somebody or something makes one.'}
          </EmptyState>
        )}
        {view.changes.map((change) => (
          <ChangeEntry
            key={change.id}
            ctx={ctx}
            change={change}
            pick={change.canUndo && !change.request ? change.tx : undefined}
          >
            {change.canUndo &&
              (change.request ? (
                <UndoRequestOf request={change.request} count={change.count} />
              ) : (
                <UndoTransaction tx={change.tx} count={change.count} />
              ))}
          </ChangeEntry>
        ))}
        {(view.next || asked.before) && (
          <div className={styles.tail}>
            {view.searchedTo && (
              <span>
                Searched back to <Moment ctx={ctx} text={view.searchedTo} />
              </span>
            )}
            <span className={styles.grow} />
            {asked.before && (
              <ButtonLink size="small" href={historyHref(PATH, asked)}>
                « Newest
              </ButtonLink>
            )}
            <ButtonLink size="small" href={view.next ? historyHref(PATH, asked, { before: view.next }) : undefined}>
              Older ›
            </ButtonLink>
          </div>
        )}
      </section>
      <UndoSelection of="tx" />
    </Page>
  )
}

/** What the log is, and how far it is proven. */
async function Sealed({ ctx }: { ctx: RequestContext }) {
  const newest = await sealedUpTo(ctx.db)
  return (
    <>
      Every change in this database, whoever made it.{' '}
      {newest ? (
        <>
          Sealed up to <Moment ctx={ctx} text={newest} />.
        </>
      ) : (
        'Not sealed yet.'
      )}
    </>
  )
}
