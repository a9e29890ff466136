import { pageContext } from '@/app/context'
import { forPage } from '@/app/page-outcome'
import { recordIdOf } from '@/app/record-id'
import { findResource, type RequestContext, travel, viewResource } from '@/lib/admin'
import type { ChangeView, HistoryView } from '@/lib/admin/history/change-view'
import { loadPeople, loadRecordHistory } from '@/lib/admin/history/load-history'
import { findSubject } from '@/lib/admin/history/subject'
import { loadVersionHistory } from '@/lib/admin/history/version-history'
import { recordHref, versionHref } from '@/lib/admin/menu'
import { isAllowed } from '@/lib/admin/policy'
import { Banner } from '@/lib/ui/banner/banner'
import { ButtonLink } from '@/lib/ui/button/button'
import card from '@/lib/ui/card.module.css'
import { EmptyState } from '@/lib/ui/empty-state/empty-state'
import { Icon } from '@/lib/ui/icon'
import { Page, PageHead } from '@/lib/ui/page/page'
import { addressAt } from '../../../../as-of/address'
import { AsOfBanner } from '../../../../as-of/as-of-banner'
import { BeforeHistory } from '../../../../as-of/before-history'
import { ChangeEntry } from '../../../../history/change-entry'
import { historyFilters, historyHref, readHistorySearch } from '../../../../history/filters'
import styles from '../../../../history/history.module.css'
import { HistoryFilterBar } from '../../../../history/history-filters'
import { RecordingNotice } from '../../../../history/recording-notice'
import { RestoreRecord, UndoChange, UndoCreation } from '../../../../history/undo-buttons'
import { UndoSelection } from '../../../../history/undo-selection'
import { Moment } from '../../../../moment'
import { LastValues } from '../../record/last-values'
import { UndeleteRecord } from '../../versions/restore-buttons'

interface Props {
  params: Promise<{ section: string; resource: string; id: string }>
  searchParams: Promise<Record<string, string | string[] | undefined>>
}

/** Everything that happened to one record, also when it is gone. */
export default async function RecordHistoryPage({ params, searchParams }: Props) {
  const [ctx, { section, resource: slug, id: segment }, search] = await Promise.all([
    pageContext(),
    params,
    searchParams,
  ])
  const attempted = { resource: `${section}/${slug}`, operation: 'read' } as const
  const resource = await forPage(findResource(ctx, section, slug), attempted)
  const id = recordIdOf(segment)
  const subject = await forPage(findSubject(ctx, resource, id), attempted)
  const { asOf, notice } = await forPage(travel(ctx, resource, search.at, 'record'), attempted)
  const read = readHistorySearch(search)
  const asked = { ...read.asked, at: asOf?.at }
  const notices = [notice ?? [], read.notices].flat()
  const path = `${recordHref(resource, id)}/history`
  const recordPath = addressAt(recordHref(resource, id), {}, asOf?.at)
  const [view, people, history, canUpdate, canCreate, canDelete] = await Promise.all([
    viewResource(ctx, resource),
    loadPeople(ctx),
    subject.hasVersions
      ? loadVersionHistory(ctx, resource, id, { before: versionNumber(asked.before), until: asOf?.at, limit: 25 })
      : loadRecordHistory(ctx, resource, id, {
          filters: historyFilters(asked, ctx.timeZone),
          cursor: asked.before,
          limit: 25,
        }),
    !asOf && isAllowed(ctx, resource, 'update'),
    !asOf && isAllowed(ctx, resource, 'create'),
    !asOf && isAllowed(ctx, resource, 'delete'),
  ])
  const { hasVersions, deletion = hasVersions ? lastOf(history) : undefined } = subject
  // At an earlier moment it is not told what became of it.
  const isGone = subject.isGone && !asOf
  const mayUndo = ({ id: change, op, canUndo }: ChangeView) => {
    if (!canUndo) return false
    // A deletion that was undone is one of the past; what became of a record that is gone waits for it to be back.
    if (isGone) return op === 'delete' && change === deletion?.id && canCreate
    return op === 'update' ? canUpdate : op === 'insert' && canDelete
  }
  const fields = [...resource.fields.values()]
    .filter((field) => field.read(ctx))
    .map(({ column, label }) => ({ name: column.name, label }))
  return (
    <Page
      title={`History of ${subject.title}`}
      path={[
        { label: view.sectionLabel, href: `/admin/${section}` },
        { label: view.plural, href: addressAt(view.href, {}, asOf?.at) },
        { label: subject.title, href: isGone ? undefined : recordPath },
        { label: 'History' },
      ]}
    >
      <PageHead
        title={subject.title}
        description={
          isGone ? (
            <Deleted ctx={ctx} what={`${view.singular} ${id}`} deletion={deletion} />
          ) : (
            `${view.singular} ${id} · ${hasVersions ? 'versions' : 'history'}`
          )
        }
      >
        {isGone && subject.deletion && canCreate && <RestoreRecord id={subject.deletion.id} />}
        {isGone && hasVersions && canCreate && <UndeleteRecord resource={resource.key} id={id} />}
        {!isGone && <ButtonLink href={recordPath}>Back to the record</ButtonLink>}
      </PageHead>
      <RecordingNotice relation={resource.shape.relation} />
      {notices.map((notice) => (
        <Banner key={notice} tone="warn">
          {notice}
        </Banner>
      ))}
      {asOf && !asOf.begins && (
        <AsOfBanner
          asOf={{ ...asOf, asToday: [] }}
          what={`the history of ${subject.title}`}
          nowHref={historyHref(path, { ...asked, at: undefined })}
          locale={ctx.locale}
        />
      )}
      {isGone && <LastValues fields={subject.deletion?.fields ?? []} />}
      {asOf?.begins ? (
        <BeforeHistory asOf={asOf} plural={view.plural.toLowerCase()} hrefAt={(at) => historyHref(path, { at })} />
      ) : (
        <>
          {!hasVersions && <HistoryFilterBar path={path} asked={asked} fields={fields} people={people} />}
          <section className={card.card}>
            {history.changes.length === 0 && (
              <EmptyState icon={<Icon name="rotate-ccw-clock" size={22} />} title="No changes">
                Nothing recorded matches.
              </EmptyState>
            )}
            {history.changes.map((change) => (
              <ChangeEntry
                key={change.id}
                ctx={ctx}
                change={
                  isGone && change.id === subject.deletion?.id ? { ...change, fields: [], moreFields: 0 } : change
                }
                isOfRecord
                pick={mayUndo(change) ? change.id : undefined}
              >
                {change.version !== undefined && (
                  <ButtonLink size="small" href={versionHref(resource, id, change.version)}>
                    Version {change.version}
                  </ButtonLink>
                )}
                {mayUndo(change) &&
                  (change.op === 'insert' ? (
                    <UndoCreation id={change.id} title={subject.title} />
                  ) : (
                    <UndoChange id={change.id} />
                  ))}
              </ChangeEntry>
            ))}
            {(history.next || asked.before) && (
              <div className={styles.tail}>
                <span className={styles.grow} />
                {asked.before && (
                  <ButtonLink size="small" href={historyHref(path, asked)}>
                    « Newest
                  </ButtonLink>
                )}
                <ButtonLink
                  size="small"
                  href={history.next ? historyHref(path, asked, { before: history.next }) : undefined}
                >
                  Older ›
                </ButtonLink>
              </div>
            )}
          </section>
        </>
      )}
      {history.changes.some(mayUndo) && <UndoSelection of="ids" />}
    </Page>
  )
}

/** By whom and when it was deleted, where that is known. */
function Deleted({ ctx, what, deletion }: { ctx: RequestContext; what: string; deletion?: ChangeView }) {
  if (!deletion) return `${what} · deleted`
  return (
    <>
      {what} · deleted <Moment ctx={ctx} text={deletion.at} /> by {deletion.who}
      {deletion.isOutside && ', outside the admin'}
    </>
  )
}

/** The version that says how it went stands first. */
const lastOf = ({ changes: [newest] }: HistoryView) => (newest?.op === 'delete' ? newest : undefined)

/** The cursor of a page of versions is the number of the oldest before it. */
function versionNumber(text: string | undefined): number | undefined {
  return text && /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined
}
