'use client'

import { lazy } from 'react'
import { OnDemand } from '@/lib/ui/on-demand'
import { PersonButton, type PersonView } from './person-button'

const load = () => import('./person-dropdown').then(({ PersonDropdown }) => ({ default: PersonDropdown }))
const PersonDropdown = lazy(load)

/** Who is signed in, how they like it to look, and the way out. */
export function PersonMenu({ person }: { person: PersonView }) {
  return (
    <OnDemand button={<PersonButton person={person} />} load={load}>
      <PersonDropdown person={person} />
    </OnDemand>
  )
}
