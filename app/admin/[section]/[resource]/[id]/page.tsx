import { deleteRecords, saveRecord } from '@/app/admin/actions'
import { pageContext } from '@/app/context'
import { forPage } from '@/app/page-outcome'
import { recordIdOf } from '@/app/record-id'
import { findResource, loadRecordView } from '@/lib/admin'
import { Banner } from '@/lib/ui/banner/banner'
import { Page, PageHead } from '@/lib/ui/page/page'
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
  const view = await forPage(loadRecordView(ctx, resource, recordIdOf(id)), attempted)
  const { title, related, notices, can } = view
  const { singular, plural, sectionLabel, href, key } = view.resource
  return (
    <Page
      title={title}
      path={[{ label: sectionLabel, href: `/admin/${section}` }, { label: plural, href }, { label: title }]}
      isNarrow={related.length === 0}
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
      <RecordLayout rail={related.length > 0 && <RelatedLists related={related} locale={ctx.locale} />}>
        {/* The rail is drawn here: the browser needs only the form. */}
        <RecordForm view={{ ...view, related: [] }} save={saveRecord} />
      </RecordLayout>
    </Page>
  )
}
