import { redirect } from 'next/navigation'
import { deleteRecords, saveRecord } from '@/app/admin/actions'
import { pageContext } from '@/app/context'
import { forPage } from '@/app/page-outcome'
import { recordIdOf } from '@/app/record-id'
import { findResource, loadRecordView, type RequestContext } from '@/lib/admin'
import { loadRecordHistory } from '@/lib/admin/history/load-history'
import { findDeletion } from '@/lib/admin/history/subject'
import { recordHref } from '@/lib/admin/menu'
import type { Resource } from '@/lib/admin/tree'
import { AdminError } from '@/lib/errors'
import { Banner } from '@/lib/ui/banner/banner'
import { Page, PageHead } from '@/lib/ui/page/page'
import { HistoryRail } from '../../../history/history-rail'
import { RecordingNotice } from '../../../history/recording-notice'
import { DeleteRecord } from '../form/delete-record'
import { RecordLayout } from '../record/record-layout'
import { RelatedLists } from '../record/related-lists'
import { RecordForm } from '../record-form'

interface Props {
  params: Promise<{ section: string; resource: string; id: string }>
}

/** A record: show and edit are one. It is loaded before anything is drawn, so a missing one answers 404. */
export default async function RecordPage({ params }: Props) {
  const [ctx, { section, resource: slug, id }] = await Promise.all([pageContext(), params])
  const attempted = { resource: `${section}/${slug}`, operation: 'read' } as const
  const resource = await forPage(findResource(ctx, section, slug), attempted)
  const recordId = recordIdOf(id)
  const view = await forPage(
    loadRecordView(ctx, resource, recordId).catch(ledToHistory(ctx, resource, recordId)),
    attempted,
  )
  const history = resource.history
    ? await loadRecordHistory(ctx, resource, view.id ?? recordId, { limit: 5 })
    : undefined
  const { title, related, notices, can } = view
  const { singular, plural, sectionLabel, href, key } = view.resource
  return (
    <Page
      title={title}
      path={[{ label: sectionLabel, href: `/admin/${section}` }, { label: plural, href }, { label: title }]}
      isNarrow={related.length === 0 && !history}
    >
      <PageHead title={title} description={`${singular} ${view.id}`}>
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
      <RecordingNotice relation={resource.shape.relation} />
      <RecordLayout
        rail={
          (history || related.length > 0) && (
            <>
              {history && (
                <HistoryRail
                  ctx={ctx}
                  history={history}
                  href={`${recordHref(resource, recordId)}/history`}
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
      </RecordLayout>
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
