import { pageContext } from '@/app/context'
import { forPage } from '@/app/page-outcome'
import { settleWithin } from '@/app/settle'
import { WhenSettled } from '@/app/when-settled'
import { canTravel, findResource, loadList, mayRestore, travel, viewResource } from '@/lib/admin'
import { Banner } from '@/lib/ui/banner/banner'
import { ButtonLink } from '@/lib/ui/button/button'
import { Page, PageHead } from '@/lib/ui/page/page'
import { addressAt } from '../../as-of/address'
import { AsOfBanner } from '../../as-of/as-of-banner'
import { AsOfButton } from '../../as-of/as-of-button'
import { BeforeHistory } from '../../as-of/before-history'
import { RestoreButton } from '../../as-of/restore-button'
import { RecordingNotice } from '../../history/recording-notice'
import { Refusal } from '../../refusal'
import { StorageNotice } from '../../storage-notice'
import { ListBody } from './list/list-body'
import { ListLive } from './list/list-live'
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
  const found = await forPage(findResource(ctx, section, slug), attempted)
  const { ctx: then, resource, asOf, notice } = await forPage(travel(ctx, found, search.at), attempted)
  const isKnown = !asOf?.begins
  const canRestore = asOf !== undefined && (await mayRestore(ctx, found))
  const loading = isKnown ? forPage(loadList(then, resource, search), attempted) : undefined
  const [view, list] = await Promise.all([viewResource(then, resource), loading && settleWithin(loading, PATIENCE)])
  const { singular, plural, sectionLabel, description, href, can } = view
  const named = resource.list.columns.flatMap(({ field }) => field?.reference?.resource ?? [])
  const hrefAt = (at?: string) => addressAt(href, search, at)
  return (
    <Page title={plural} path={[{ label: sectionLabel, href: `/admin/${section}` }, { label: plural }]}>
      <Refusal ctx={ctx} refused={search.refused} />
      <StorageNotice ctx={ctx} resource={resource} />
      <PageHead title={plural} description={description}>
        {asOf && !asOf.begins && canRestore && (
          <RestoreButton {...{ resource: found.key, singular, plural }} at={asOf.at} words={asOf.words} />
        )}
        {canTravel(found) && <AsOfButton at={asOf?.at} locale={ctx.locale} timeZone={ctx.timeZone} />}
        {list && (
          <WhenSettled settled={list} fallback={<ButtonLink href={undefined}>Export</ButtonLink>}>
            {({ exportHref }) => (
              <ButtonLink href={exportHref} download="">
                Export
              </ButtonLink>
            )}
          </WhenSettled>
        )}
        {can.create && (
          <ButtonLink href={`${href}/new`} tone="primary">
            New {singular.toLowerCase()}
          </ButtonLink>
        )}
      </PageHead>
      {notice && <Banner tone="warn">{notice}</Banner>}
      {asOf && <RecordingNotice relation={found.shape.relation} />}
      {asOf && !asOf.begins && <AsOfBanner asOf={asOf} what={plural} nowHref={hrefAt()} locale={ctx.locale} />}
      {!asOf && <ListLive resource={found.key} others={named} singular={singular} plural={plural} />}
      {list ? (
        <WhenSettled settled={list} fallback={<ListSkeleton />}>
          {(value) => <ListBody list={value} />}
        </WhenSettled>
      ) : (
        asOf && <BeforeHistory asOf={asOf} plural={plural.toLowerCase()} hrefAt={hrefAt} />
      )}
    </Page>
  )
}
