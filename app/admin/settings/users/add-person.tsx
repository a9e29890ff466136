'use client'

import { modals } from '@mantine/modals'
import { Button } from '@/lib/ui/button/button'
import { addPerson } from '../actions'
import { openLink } from './link-dialog'
import { PersonForm } from './person-form'

/** Adds somebody, then shows the link by which they choose a password. */
export function AddPerson({ roles }: { roles: readonly string[] }) {
  function open() {
    const id = modals.open({
      title: 'New user',
      children: (
        <PersonForm
          initial={{ name: '', email: '', role: roles.at(-1) ?? '' }}
          roles={roles}
          submit="Add and make a link"
          save={addPerson}
          onSaved={({ url }, { name }) => {
            modals.close(id)
            openLink(name, url)
          }}
        />
      ),
    })
  }
  return (
    <Button tone="primary" onClick={open}>
      New user
    </Button>
  )
}
