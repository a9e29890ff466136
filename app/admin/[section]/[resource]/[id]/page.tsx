import { redirect } from 'next/navigation'
import { deleteRecords, saveRecord } from '@/app/admin/actions'
import { pageContext } from '@/app/context'
import { forPage } from '@/app/page-outcome'
import { recordIdOf } from '@/app/record-id'
import { canTravel, findResource, loadRecordView, type RequestContext, travel } from '@/lib/admin'
import { loadRecordHistory } from '@/lib/admin/history/load-history'
import { findDeletion, findSubject } from '@/lib/admin/history/subject'
import { recordHref } from '@/lib/admin/menu'
import { loadReadable } from '@/lib/admin/record-view'
import { viewResource } from '@/lib/admin/resource-view'
import type { Resource } from '@/lib/admin/tree'
import type { AsOfView } from '@/lib/admin/view'
import { AdminError } from '@/lib/errors'
import { Banner } from '@/lib/ui/banner/banner'
import { Page, PageHead } from '@/lib/ui/page/page'
import { addressAt } from '../../../as-of/address'
import { AsOfBanner } from '../../../as-of/as-of-banner'
import { AsOfButton } from '../../../as-of/as-of-button'
import { BeforeHistory } from '../../../as-of/before-history'
import { DroppedValues } from '../../../as-of/dropped-values'
import { NotThere } from '../../../as-of/not-there'
import { HistoryRail } from '../../../history/history-rail'
import { RecordingNotice } from '../../../history/recording-notice'
import { DeleteRecord } from '../form/delete-record'
import { RecordLayout } from '../record/record-layout'
import { RelatedLists } from '../record/related-lists'
import { RecordForm } from '../record-form'

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
  const { ctx: then, resource, asOf, notice } = await forPage(travel(ctx, present, search.at, 'record'), attempted)
  if (asOf) {
    const isKnown = !asOf.begins && (await forPage(isThere(then, resource, recordId), attempted))
    if (!isKnown) return <Unknown ctx={ctx} resource={present} id={recordId} asOf={asOf} />
  }
  const view = await forPage(
    loadRecordView(then, resource, recordId).catch(ledToHistory(ctx, resource, recordId)),
    attempted,
  )
  const history = resource.history
    ? await loadRecordHistory(then, resource, view.id ?? recordId, { limit: 5, filters: { to: asOf?.at } })
    : undefined
  const { title, related, dropped = [], can } = view
  const { singular, plural, sectionLabel, href, key } = view.resource
  const notices = [notice ?? [], view.notices].flat()
  return (
    <Page
      title={title}
      path={[
        { label: sectionLabel, href: `/admin/${section}` },
        { label: plural, href: addressAt(href, {}, asOf?.at) },
        { label: title },
      ]}
      isNarrow={related.length === 0 && !history}
    >
      <PageHead title={title} description={`${singular} ${view.id}`}>
        {canTravel(present) && <AsOfButton at={asOf?.at} locale={ctx.locale} timeZone={ctx.timeZone} />}
        {can.delete && view.id !== undefined && (
          <DeleteRecord
            resource={key}
            id={view.id}
            title={title}
            singular={singular}
            listHref={href}
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
      <RecordingNotice relation={resource.shape.relation} />
      <RecordLayout
        rail={
          (history || related.length > 0) && (
            <>
              {history && (
                <HistoryRail
                  ctx={then}
                  history={history}
                  href={`${recordHref(present, recordId)}/history`}
                  canUndo={can.update}
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
  return (
    <Page
      title={title}
      path={[
        { label: sectionLabel, href: `/admin/${resource.section}` },
        { label: plural, href: addressAt(listHref, {}, asOf.at) },
        { label: title },
      ]}
    >
      <PageHead title={title} description={`${singular} ${id}`}>
        <AsOfButton at={asOf.at} locale={ctx.locale} timeZone={ctx.timeZone} />
      </PageHead>
      <AsOfBanner asOf={asOf} what={title} nowHref={href} locale={ctx.locale} />
      {asOf.begins ? (
        <BeforeHistory asOf={asOf} plural={plural.toLowerCase()} hrefAt={(at) => addressAt(href, {}, at)} />
      ) : (
        <NotThere
          words={asOf.words}
          singular={singular.toLowerCase()}
          historyHref={`${href}/history`}
          isGone={isGone}
        />
      )}
    </Page>
  )
}

/** A record that is gone says by whom and when it was deleted, and offers to bring it back: its history does. */
function ledToHistory(ctx: RequestContext, resource: Resource, id: string) {
  return async (error: unknown): Promise<never> => {
    const isGone = error instanceof AdminError && error.code === 'not_found' && (await findDeletion(ctx, resource, id))
    if (isGone) redirect(`${recordHref(resource, id)}/history`)
    throw error
  }
}
