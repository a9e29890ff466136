'use client'

import { Popover } from '@mantine/core'
import { useRouter } from 'next/navigation'
import { lazy, Suspense, useState, useTransition } from 'react'
import type { FilterControlView } from '@/lib/admin/view'
import { useArrival } from '@/lib/ui/on-demand'
import { AddButton } from './add-button'
import { type Condition, withConditions } from './filter-address'
import styles from './filter-panel.module.css'

export interface FilterPanelProps {
  /** The list's own address, and its state as a query string. */
  href: string
  query: string
  filters: readonly FilterControlView[]
  /** The earlier moment the list shows: what 'today' is there. */
  at?: string
}

/** Fields and pickers come with the first filter somebody adds, not with every list. */
const FilterForm = lazy(() => import('./filter-form').then(({ FilterForm }) => ({ default: FilterForm })))

/** From so many fields on, a box narrows them down. */
const FIND_FROM = 9

/** Chooses a field, then what it must be, and goes to the list narrowed down by it. Drawn open. */
export function FilterPanel({ href, query, filters, at }: FilterPanelProps) {
  const router = useRouter()
  const first = filters.length === 1 ? filters[0] : undefined
  const { button, isOpen, setIsOpen } = useArrival()
  const [chosen, setChosen] = useState(first)
  const [isPending, startTransition] = useTransition()

  function toggle(open: boolean) {
    setIsOpen(open)
    if (open) setChosen(first)
  }

  function apply(conditions: Condition[]) {
    setIsOpen(false)
    startTransition(() => router.push(`${href}?${withConditions(query, conditions)}`))
  }

  return (
    <Popover
      opened={isOpen}
      onChange={toggle}
      position="bottom-start"
      offset={6}
      trapFocus
      returnFocus
      width={332}
      transitionProps={{ duration: 120 }}
    >
      <Popover.Target>
        <AddButton ref={button} aria-busy={isPending} onClick={() => toggle(!isOpen)} />
      </Popover.Target>
      <Popover.Dropdown className={styles.panel} aria-label="Add a filter">
        {chosen ? (
          <Suspense fallback={<div className={styles.waiting} />}>
            <FilterForm
              key={chosen.field}
              filter={chosen}
              at={at}
              onApply={apply}
              onBack={filters.length > 1 ? () => setChosen(undefined) : undefined}
            />
          </Suspense>
        ) : (
          <FieldList filters={filters} onChoose={setChosen} />
        )}
      </Popover.Dropdown>
    </Popover>
  )
}

interface FieldListProps {
  filters: readonly FilterControlView[]
  onChoose: (filter: FilterControlView) => void
}

function FieldList({ filters, onChoose }: FieldListProps) {
  const [wanted, setWanted] = useState('')
  const found = filters.filter(({ label }) => label.toLocaleLowerCase().includes(wanted.trim().toLocaleLowerCase()))
  return (
    <div className={styles.fields}>
      {filters.length >= FIND_FROM && (
        <input
          type="search"
          className={styles.find}
          placeholder="Filter by…"
          aria-label="Find a field to filter by"
          data-autofocus
          onChange={(event) => setWanted(event.currentTarget.value)}
        />
      )}
      <ul className={styles.list} aria-label="Filter by">
        {found.map((filter) => (
          <li key={filter.field}>
            <button type="button" className={styles.field} onClick={() => onChoose(filter)}>
              {filter.label}
            </button>
          </li>
        ))}
      </ul>
      {found.length === 0 && <p className={styles.none}>No field has this name.</p>}
    </div>
  )
}
