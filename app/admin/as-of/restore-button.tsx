'use client'

import { modals } from '@mantine/modals'
import { notifications } from '@mantine/notifications'
import { useRouter } from 'next/navigation'
import { useTransition } from 'react'
import type { UndoRefusal } from '@/lib/admin/history/undo-view'
import type { RestoreCounts } from '@/lib/admin/operations/restore'
import { Button } from '@/lib/ui/button/button'
import { showDone } from '../history/show-done'
import { UndoChoices } from '../history/undo-choices'
import { previewRestore, type RestoreAnswer, type RestoreInput, restore } from './actions'

interface Props {
  resource: string
  singular: string
  plural: string
  at: string
  /** The moment as people write it. */
  words: string
  /** The record; all that the list shows unless given. */
  id?: string
}

/** Takes what the page shows back to the moment it shows, after saying how much that is. */
export function RestoreButton({ resource, singular, plural, at, words, id }: Props) {
  const router = useRouter()
  const [isRunning, start] = useTransition()

  const request = (): RestoreInput => ({
    resource,
    at,
    what: id === undefined ? { query: listed(window.location.search) } : { id },
  })

  const ask = () =>
    start(async () => {
      const answer = await previewRestore(request())
      if (!answer.ok) return fail(answer)
      const { changed, returned, removed, links, along } = answer.counts
      if (changed + returned + removed + links + along === 0) {
        notifications.show({ message: 'There is nothing to restore: everything is as it was then.' })
        return
      }
      modals.openConfirmModal({
        title: id === undefined ? 'Restore what is listed?' : `Restore this ${singular.toLowerCase()}?`,
        children: sentence(answer.counts),
        labels: { confirm: 'Restore', cancel: 'Leave it' },
        cancelProps: { variant: 'default' },
        onConfirm: () => run(request()),
      })
    })

  function run(asked: RestoreInput) {
    start(async () => {
      const answer = await restore(asked)
      if (!answer.ok) return fail(answer, asked)
      showDone(`Restored: as on ${words}.`, { request: answer.request })
      router.refresh()
    })
  }

  function fail(answer: RestoreAnswer & { ok: false }, asked?: RestoreInput) {
    if (answer.refusal && asked) choose(answer.message, answer.refusal, asked)
    else notifications.show({ color: 'red', title: 'Nothing was restored', message: answer.message, autoClose: false })
  }

  /** Something is in the way: shows it and lets the person choose. */
  function choose(message: string, refusal: UndoRefusal, asked: RestoreInput) {
    const modal = modals.open({
      title: 'Something is in the way',
      size: 'lg',
      children: (
        <UndoChoices
          message={message}
          refusal={refusal}
          verb="Restore"
          onClose={() => modals.close(modal)}
          onChoose={(choice) => {
            modals.close(modal)
            run({ ...asked, ...choice })
          }}
        />
      ),
    })
  }

  /** 'All of it becomes as on 14 Nov 2026, 09:00: 9 products change, 2 come back, 1 is removed.' */
  function sentence({ changed, returned, removed, links, along }: RestoreCounts): string {
    const name = (count: number) => `${count.toLocaleString()} ${(count === 1 ? singular : plural).toLowerCase()}`
    const parts = [
      changed > 0 && `${name(changed)} ${changed === 1 ? 'goes' : 'go'} back`,
      returned > 0 && `${name(returned)} ${returned === 1 ? 'returns' : 'return'}`,
      removed > 0 && `${name(removed)} made since ${removed === 1 ? 'is' : 'are'} removed`,
      links > 0 && `${links.toLocaleString()} ${links === 1 ? 'link' : 'links'} to other records`,
      along > 0 &&
        `${along.toLocaleString()} ${along === 1 ? 'record' : 'records'} that went along when they were deleted`,
    ].filter((part) => part !== false)
    return `As on ${words}: ${parts.join('; ')}. All in one step, which can be undone.`
  }

  return (
    <Button disabled={isRunning} aria-busy={isRunning} onClick={ask}>
      {isRunning ? 'Restoring…' : id === undefined ? 'Restore what is listed…' : 'Restore…'}
    </Button>
  )
}

/** What decides which records a list holds; how they are ordered and paged does not. */
function listed(search: string): string {
  const given = [...new URLSearchParams(search)]
  return new URLSearchParams(given.filter(([name]) => name === 'q' || name.startsWith('f.'))).toString()
}
