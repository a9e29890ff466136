'use client'

import { lazy } from 'react'
import { OnDemand } from '@/lib/ui/on-demand'
import { AddButton } from './add-button'
import type { FilterPanelProps } from './filter-panel'

const load = () => import('./filter-panel').then(({ FilterPanel }) => ({ default: FilterPanel }))
const FilterPanel = lazy(load)

/** The way to another filter. */
export function AddFilter(props: FilterPanelProps) {
  return (
    <OnDemand button={<AddButton />} load={load}>
      <FilterPanel {...props} />
    </OnDemand>
  )
}
