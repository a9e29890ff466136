'use client'

import { modals } from '@mantine/modals'
import { changePerson } from '../actions'
import type { PersonRow } from './person'
import { PersonForm } from './person-form'

export function openEditPerson({ id, name, email, role }: PersonRow, roles: readonly string[]): void {
  const dialog = modals.open({
    title: name,
    children: (
      <PersonForm
        initial={{ name, email, role }}
        roles={roles}
        submit="Save"
        save={(values) => changePerson({ id, values })}
        onSaved={() => modals.close(dialog)}
      />
    ),
  })
}
