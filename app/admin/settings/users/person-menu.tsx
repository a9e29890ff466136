'use client'

import { Menu } from '@mantine/core'
import { modals } from '@mantine/modals'
import { notifications } from '@mantine/notifications'
import { Ellipsis } from 'lucide-react'
import { useTransition } from 'react'
import type { ActionResult } from '@/lib/admin/view'
import { changePerson, makeLink } from '../actions'
import { openEditPerson } from './edit-person'
import { openLink } from './link-dialog'
import styles from './people-table.module.css'
import type { PersonRow } from './person'

interface Props {
  person: PersonRow
  roles: readonly string[]
  isSelf: boolean
}

/** What an owner can do about a person. */
export function PersonMenu({ person, roles, isSelf }: Props) {
  const [isBusy, startTransition] = useTransition()
  const { id, name, isActive } = person

  function run<T>(work: () => Promise<ActionResult<T>>, onDone?: (value: T) => void) {
    startTransition(async () => {
      const answer = await work().catch(() => undefined)
      if (answer?.ok && onDone) onDone(answer.value)
      else {
        const message = answer?.message ?? 'The server could not be reached. Nothing was changed.'
        notifications.show({
          message,
          color: answer?.ok ? undefined : 'red',
          autoClose: answer?.ok ? undefined : false,
        })
      }
    })
  }

  const setStatus = (status: 'active' | 'disabled') => run(() => changePerson({ id, values: { status } }))

  function askToDisable() {
    modals.openConfirmModal({
      title: `Disable ${name}?`,
      children: 'They are signed out everywhere at once and cannot sign in until somebody enables them again.',
      labels: { confirm: `Disable ${name}`, cancel: 'Cancel' },
      confirmProps: { color: 'red' },
      onConfirm: () => setStatus('disabled'),
    })
  }

  return (
    <Menu position="bottom-end" width={220} transitionProps={{ duration: 120 }}>
      <Menu.Target>
        <button type="button" className={styles.more} aria-label={`Actions for ${name}`} disabled={isBusy}>
          <Ellipsis size={16} aria-hidden="true" />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => openEditPerson(person, roles)}>Edit…</Menu.Item>
        {isActive && (
          <Menu.Item
            onClick={() =>
              run(
                () => makeLink({ id }),
                ({ url }) => openLink(name, url),
              )
            }
          >
            Link to set a password
          </Menu.Item>
        )}
        {!isSelf && <Menu.Divider />}
        {!isSelf && isActive && (
          <Menu.Item color="red" onClick={askToDisable}>
            Disable…
          </Menu.Item>
        )}
        {!isSelf && !isActive && <Menu.Item onClick={() => setStatus('active')}>Enable</Menu.Item>}
      </Menu.Dropdown>
    </Menu>
  )
}
