import type { ListView } from '@/lib/admin/view'
import { ButtonLink } from '@/lib/ui/button/button'
import { EmptyState } from '@/lib/ui/empty-state/empty-state'
import { Icon } from '@/lib/ui/icon'

/** A list without rows: nothing there yet, or nothing that matches. */
export function ListEmpty({ list: { resource, emptiness, search, chips, clearHref, newHref } }: { list: ListView }) {
  const [singular, plural] = [resource.singular.toLowerCase(), resource.plural.toLowerCase()]
  if (emptiness === 'no_match') {
    return (
      <EmptyState
        icon={<Icon name="search-x" size={20} />}
        title={search.value ? `No ${plural} match “${search.value}”` : `No ${plural} match these filters`}
        actions={clearHref && <ButtonLink href={clearHref}>Show all {plural}</ButtonLink>}
      >
        {search.value
          ? `Try fewer or other words${chips.length > 0 ? ', or remove a filter' : ''}.`
          : 'Remove a filter, or change its value.'}
      </EmptyState>
    )
  }
  if (resource.at) {
    return (
      <EmptyState icon={<Icon name="inbox" size={20} />} title={`No ${plural} then`}>
        There were none at this moment.
      </EmptyState>
    )
  }
  return (
    <EmptyState
      icon={<Icon name="inbox" size={20} />}
      title={`No ${plural} yet`}
      actions={
        newHref && (
          <ButtonLink href={newHref} tone="primary">
            New {singular}
          </ButtonLink>
        )
      }
    >
      {newHref
        ? 'Create the first one here; it will stand in this list.'
        : 'Whatever is added to them will stand in this list.'}
    </EmptyState>
  )
}
