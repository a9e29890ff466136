import { pageContext } from '@/app/context'
import { forPage } from '@/app/page-outcome'
import { settleWithin } from '@/app/settle'
import { WhenSettled } from '@/app/when-settled'
import { findResource, loadList, viewResource } from '@/lib/admin'
import { ButtonLink } from '@/lib/ui/button/button'
import { Page, PageHead } from '@/lib/ui/page/page'
import { Refusal } from '../../refusal'
import { ListBody } from './list/list-body'
import { ListSkeleton } from './list/list-skeleton'

/** How long a list may take before its skeleton is shown, in ms. */
const PATIENCE = 400

interface Props {
  params: Promise<{ section: string; resource: string }>
  searchParams: Promise<Record<string, string | string[] | undefined>>
}

export default async function ListPage({ params, searchParams }: Props) {
  const [ctx, { section, resource: slug }, search] = await Promise.all([pageContext(), params, searchParams])
  const attempted = { resource: `${section}/${slug}`, operation: 'list' } as const
  const resource = await forPage(findResource(ctx, section, slug), attempted)
  const loading = forPage(loadList(ctx, resource, search), attempted)
  const [view, list] = await Promise.all([viewResource(ctx, resource), settleWithin(loading, PATIENCE)])
  const { singular, plural, sectionLabel, description, href, can } = view
  return (
    <Page title={plural} path={[{ label: sectionLabel, href: `/admin/${section}` }, { label: plural }]}>
      <Refusal ctx={ctx} refused={search.refused} />
      <PageHead title={plural} description={description}>
        <WhenSettled settled={list} fallback={<ButtonLink href={undefined}>Export</ButtonLink>}>
          {({ exportHref }) => (
            <ButtonLink href={exportHref} download="">
              Export
            </ButtonLink>
          )}
        </WhenSettled>
        {can.create && (
          <ButtonLink href={`${href}/new`} tone="primary">
            New {singular.toLowerCase()}
          </ButtonLink>
        )}
      </PageHead>
      <WhenSettled settled={list} fallback={<ListSkeleton />}>
        {(value) => <ListBody list={value} />}
      </WhenSettled>
    </Page>
  )
}
