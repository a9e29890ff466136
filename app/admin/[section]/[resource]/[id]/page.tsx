import { cookies } from 'next/headers'
import { deleteRecords, saveRecord } from '@/app/admin/actions'
import { pageContext } from '@/app/context'
import { forPage } from '@/app/page-outcome'
import { recordIdOf } from '@/app/record-id'
import {
  canTravel,
  findResource,
  loadRecordView,
  loadVersionView,
  mayRestore,
  type RequestContext,
  travel,
} from '@/lib/admin'
import { loadRecordHistory } from '@/lib/admin/history/load-history'
import { findSubject } from '@/lib/admin/history/subject'
import { loadVersionHistory } from '@/lib/admin/history/version-history'
import { recordHref } from '@/lib/admin/menu'
import { loadReadable } from '@/lib/admin/record-view'
import { viewResource } from '@/lib/admin/resource-view'
import type { Resource } from '@/lib/admin/tree'
import type { AsOfView } from '@/lib/admin/view'
import { AdminError } from '@/lib/errors'
import { recordedSince } from '@/lib/history'
import { Banner } from '@/lib/ui/banner/banner'
import { Icon } from '@/lib/ui/icon'
import { Page, PageHead } from '@/lib/ui/page/page'
import { addressAt } from '../../../as-of/address'
import { AsOfBanner } from '../../../as-of/as-of-banner'
import { AsOfButton } from '../../../as-of/as-of-button'
import { BeforeHistory } from '../../../as-of/before-history'
import { DroppedValues } from '../../../as-of/dropped-values'
import { NotThere } from '../../../as-of/not-there'
import { RestoreButton } from '../../../as-of/restore-button'
import { HistoryRail } from '../../../history/history-rail'
import { isBeingRecorded } from '../../../history/recording'
import { RecordingNotice } from '../../../history/recording-notice'
import { RecordCompany } from '../../../live/record-company'
import { REFRESH_COOKIE } from '../../../live/refresh-mark'
import { StorageNotice } from '../../../storage-notice'
import { DeleteRecord } from '../form/delete-record'
import { LifetimeProvider } from '../lifetime/lifetime'
import { TimeLeft } from '../lifetime/time-left'
import { GoneRecord } from '../record/gone-record'
import { recordHeading } from '../record/heading'
import { OpenRecord } from '../record/open-record'
import { RecordLayout } from '../record/record-layout'
import { RelatedLists } from '../record/related-lists'
import { RecordForm } from '../record-form'
import { VersionPage } from '../versions/version-page'

interface Props {
  params: Promise<{ section: string; resource: string; id: string }>
  searchParams: Promise<Record<string, string | string[] | undefined>>
}

/** A record: show and edit are one. It is loaded before anything is drawn, so a missing one answers 404. */
export default async function RecordPage({ params, searchParams }: Props) {
  const [ctx, { section, resource: slug, id }, search] = await Promise.all([pageContext(), params, searchParams])
  const attempted = { resource: `${section}/${slug}`, operation: 'read' } as const
  const present = await forPage(findResource(ctx, section, slug), attempted)
  const recordId = recordIdOf(id)
  if (search.version !== undefined && present.storage.versions) {
    const shown = await forPage(loadVersionView(ctx, present, recordId, Number(search.version)), attempted)
    return <VersionPage ctx={ctx} resource={present} version={shown} />
  }
  const { ctx: then, resource, asOf, notice } = await forPage(travel(ctx, present, search.at, 'record'), attempted)
  if (asOf) {
    const isKnown = !asOf.begins && (await forPage(isThere(then, resource, recordId), attempted))
    if (!isKnown) return <Unknown ctx={ctx} resource={present} id={recordId} asOf={asOf} />
  }
  const view = await forPage(
    loadRecordView(then, resource, recordId, { isActivity: !(await cookies()).has(REFRESH_COOKIE) }).catch(asGone),
    attempted,
  )
  // One page for each moment: what is kept of one is not what another one shows.
  const moment = asOf?.at ?? 'now'
  const record = asOf ? undefined : { resource: present.key, id: recordId }
  if (view instanceof AdminError) {
    return (
      <OpenRecord key={moment} record={record} isGone>
        <GoneRecord ctx={ctx} resource={present} id={recordId} error={view} attempted={attempted} />
      </OpenRecord>
    )
  }
  const history = await loadHistory(asOf ? then : ctx, present, view.id ?? recordId, asOf?.at)
  const canRestore = asOf !== undefined && (await mayRestore(ctx, present))
  const { title, related, dropped = [], can } = view
  const { singular, plural, sectionLabel, href, key } = view.resource
  const heading = recordHeading(singular, title, view.id)
  const notices = [notice ?? [], view.notices].flat()
  const page = (
    <Page
      title={heading.title}
      path={[
        { label: sectionLabel, href: `/admin/${section}` },
        { label: plural, href: addressAt(href, {}, asOf?.at) },
        { label: title },
      ]}
      isNarrow={related.length === 0 && !history}
    >
      <PageHead {...heading}>
        {!asOf && view.id !== undefined && <RecordCompany resource={key} id={view.id} />}
        {asOf && canRestore && (
          <RestoreButton
            {...{ resource: present.key, singular, plural }}
            at={asOf.at}
            words={asOf.words}
            id={view.id ?? recordId}
          />
        )}
        {canTravel(present) && <AsOfButton at={asOf?.at} locale={ctx.locale} timeZone={ctx.timeZone} />}
        {view.lifetime && <TimeLeft icon={<Icon name="timer" />} />}
        {can.delete && view.id !== undefined && (
          <DeleteRecord
            resource={key}
            id={view.id}
            title={title}
            singular={singular}
            listHref={href}
            isRecorded={await isBeingRecorded(present)}
            remove={deleteRecords}
          />
        )}
      </PageHead>
      {notices.map((notice) => (
        <Banner key={notice} tone="warn">
          {notice}
        </Banner>
      ))}
      {asOf && <AsOfBanner asOf={asOf} what={title} nowHref={recordHref(present, recordId)} locale={ctx.locale} />}
      <StorageNotice ctx={ctx} resource={resource} />
      <RecordingNotice relation={resource.shape.relation} />
      <RecordLayout
        rail={
          (history || related.length > 0) && (
            <>
              {history && (
                <HistoryRail
                  ctx={then}
                  history={history}
                  href={addressAt(`${recordHref(present, recordId)}/history`, {}, asOf?.at)}
                  canUndo={can.update}
                  since={history.changes.length === 0 && !asOf ? await recordingBegan(ctx, present) : undefined}
                />
              )}
              {related.length > 0 && <RelatedLists related={related} locale={ctx.locale} />}
            </>
          )
        }
      >
        {/* The rail is drawn here: the browser needs only the form. */}
        <RecordForm view={{ ...view, related: [] }} save={saveRecord} />
        {dropped.length > 0 && <DroppedValues values={dropped} />}
      </RecordLayout>
    </Page>
  )
  return (
    <OpenRecord key={moment} record={record} isGone={false}>
      {view.lifetime && view.id !== undefined ? (
        <LifetimeProvider resource={key} id={view.id} lifetime={view.lifetime}>
          {page}
        </LifetimeProvider>
      ) : (
        page
      )}
    </OpenRecord>
  )
}

/** The error itself where it says that the record is gone. */
function asGone(error: unknown): AdminError {
  if (error instanceof AdminError && (error.code === 'not_found' || error.code === 'expired')) return error
  throw error
}

async function isThere(ctx: RequestContext, resource: Resource, id: string): Promise<boolean> {
  try {
    await loadReadable(ctx, resource, id)
    return true
  } catch (error) {
    if (error instanceof AdminError && error.code === 'not_found') return false
    throw error
  }
}

/** The page of a record at a moment at which there is nothing to be seen of it. */
async function Unknown({
  ctx,
  resource,
  id,
  asOf,
}: {
  ctx: RequestContext
  resource: Resource
  id: string
  asOf: AsOfView
}) {
  const { title, isGone } = await forPage(findSubject(ctx, resource, id), { resource: resource.key, operation: 'read' })
  const href = recordHref(resource, id)
  const { href: listHref, sectionLabel, singular, plural } = await viewResource(ctx, resource)
  const heading = recordHeading(singular, title, id)
  return (
    <Page
      title={heading.title}
      path={[
        { label: sectionLabel, href: `/admin/${resource.section}` },
        { label: plural, href: addressAt(listHref, {}, asOf.at) },
        { label: title },
      ]}
    >
      <PageHead {...heading}>
        <AsOfButton at={asOf.at} locale={ctx.locale} timeZone={ctx.timeZone} />
      </PageHead>
      {asOf.begins ? (
        <BeforeHistory asOf={asOf} plural={plural.toLowerCase()} hrefAt={(at) => addressAt(href, {}, at)} />
      ) : (
        <>
          <AsOfBanner asOf={asOf} what={title} nowHref={href} locale={ctx.locale} />
          <NotThere
            words={asOf.words}
            singular={singular.toLowerCase()}
            historyHref={`${href}/history`}
            isGone={isGone}
          />
        </>
      )}
    </Page>
  )
}

/** Since when changes of the resource are recorded. */
const recordingBegan = async ({ db }: RequestContext, { shape: { relation } }: Resource) =>
  (await recordedSince(db, [relation])).get(relation)

const SHOWN_CHANGES = 5

/** What stands beside the form: the versions of a record that keeps them, else its recorded changes., up to a moment. */
async function loadHistory(ctx: RequestContext, resource: Resource, id: string, until: string | undefined) {
  const limit = SHOWN_CHANGES
  if (resource.storage.versions) return loadVersionHistory(ctx, resource, id, { limit, until })
  return resource.history ? loadRecordHistory(ctx, resource, id, { limit, filters: { to: until } }) : undefined
}
