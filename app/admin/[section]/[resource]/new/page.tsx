import { saveRecord } from '@/app/admin/actions'
import { pageContext } from '@/app/context'
import { forPage } from '@/app/page-outcome'
import { findResource, newRecordView } from '@/lib/admin'
import { Page, PageHead } from '@/lib/ui/page/page'
import { StorageNotice } from '../../../storage-notice'
import { RecordLayout } from '../record/record-layout'
import { RecordForm } from '../record-form'

interface Props {
  params: Promise<{ section: string; resource: string }>
  searchParams: Promise<Record<string, string | string[] | undefined>>
}

/** An empty form; what the address gives as `v.<field>` is filled in, as the "New" of a related list does. */
export default async function NewRecordPage({ params, searchParams }: Props) {
  const [ctx, { section, resource: slug }, search] = await Promise.all([pageContext(), params, searchParams])
  const attempted = { resource: `${section}/${slug}`, operation: 'create' } as const
  const resource = await forPage(findResource(ctx, section, slug), attempted)
  const view = await forPage(newRecordView(ctx, resource, givenTexts(search)), attempted)
  const { title } = view
  const { plural, sectionLabel, href } = view.resource
  return (
    <Page
      title={title}
      path={[{ label: sectionLabel, href: `/admin/${section}` }, { label: plural, href }, { label: 'New' }]}
      isNarrow
    >
      <PageHead title={title} />
      <StorageNotice ctx={ctx} resource={resource} />
      <RecordLayout>
        <RecordForm view={view} save={saveRecord} />
      </RecordLayout>
    </Page>
  )
}

function givenTexts(search: Record<string, string | string[] | undefined>): Record<string, string> {
  const entries = Object.entries(search).flatMap(([name, value]) =>
    name.startsWith('v.') && typeof value === 'string' ? [[name.slice(2), value]] : [],
  )
  return Object.fromEntries(entries)
}
