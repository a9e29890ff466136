import type { loadVersionView, RequestContext } from '@/lib/admin'
import { loadVersionHistory } from '@/lib/admin/history/version-history'
import { recordHref, versionHref } from '@/lib/admin/menu'
import { isAllowed } from '@/lib/admin/policy'
import type { Resource } from '@/lib/admin/tree'
import { Banner } from '@/lib/ui/banner/banner'
import { ButtonLink } from '@/lib/ui/button/button'
import { Page, PageHead } from '@/lib/ui/page/page'
import { saveRecord } from '../../../actions'
import { HistoryRail } from '../../../history/history-rail'
import { RecordLayout } from '../record/record-layout'
import { RecordForm } from '../record-form'
import { RestoreVersion } from './restore-buttons'
import { VersionLine } from './version-line'

interface Props {
  ctx: RequestContext
  resource: Resource
  version: Awaited<ReturnType<typeof loadVersionView>>
}

const SHOWN = 8

/** One version of a record as it was written: to read, with the way to its neighbours. */
export async function VersionPage({ ctx, resource, version }: Props) {
  const { id = '', number, newest, previous, next, title, isDeleted } = version
  const { key, href, plural, sectionLabel, section } = version.resource
  const address = recordHref(resource, id)
  const isNewest = number === newest
  const addressOf = (of: number | undefined) => (of === undefined ? undefined : versionHref(resource, id, of))
  const [history, canUpdate, current] = await Promise.all([
    loadVersionHistory(ctx, resource, id, { before: Math.min(newest, number + SHOWN / 2) + 1, limit: SHOWN }),
    isAllowed(ctx, resource, 'update'),
    resource.storage.load(ctx.db, id),
  ])
  return (
    <Page
      title={`${title}, version ${number}`}
      path={[
        { label: sectionLabel, href: `/admin/${section}` },
        { label: plural, href },
        { label: title, href: address },
        { label: `Version ${number}` },
      ]}
    >
      <PageHead title={title} description={<VersionLine ctx={ctx} version={version} />}>
        <ButtonLink href={addressOf(previous)}>‹ Previous</ButtonLink>
        <ButtonLink href={addressOf(next)}>Next ›</ButtonLink>
        <ButtonLink href={isNewest ? undefined : addressOf(newest)}>Newest »</ButtonLink>
        {canUpdate && current && !isNewest && !isDeleted && <RestoreVersion resource={key} id={id} version={number} />}
      </PageHead>
      <Banner
        tone="warn"
        action={<a href={current ? address : `${address}/history`}>{current ? 'Open the record' : 'Its history'}</a>}
      >
        {isDeleted
          ? `Deleted with version ${number}. This is what it was last.`
          : isNewest
            ? `Version ${number} as it was written, to read only. It is the newest.`
            : `Version ${number} of ${newest} as it was written, to read only. The record has changed since.`}
      </Banner>
      <RecordLayout
        rail={<HistoryRail ctx={ctx} history={history} href={`${address}/history`} canUndo={false} shown={number} />}
      >
        <RecordForm view={version} save={saveRecord} />
      </RecordLayout>
    </Page>
  )
}
