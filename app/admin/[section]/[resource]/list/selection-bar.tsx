'use client'

import { modals } from '@mantine/modals'
import { notifications } from '@mantine/notifications'
import { useRouter } from 'next/navigation'
import { useEffect, useState, useTransition } from 'react'
import { deleteRecords } from '@/app/admin/actions'
import { Button } from '@/lib/ui/button/button'
import { showDone } from '../../../history/show-done'
import { DeletionQuestion, useDeletion } from '../form/deletion-question'
import { clearSelection, selectedIds, watchSelection } from './selection'
import styles from './selection-bar.module.css'

interface Props {
  /** Key of the resource. */
  resource: string
  singular: string
  plural: string
  /** Whether what is deleted can be brought back. */
  isRecorded: boolean
}

/** What can be done with the rows that are ticked. The boxes are plain markup; this listens to them. */
export function SelectionBar({ resource, singular, plural, isRecorded }: Props) {
  const router = useRouter()
  const [selected, setSelected] = useState<string[]>([])
  const [isDeleting, startDeleting] = useTransition()

  useEffect(() => {
    const recount = () => setSelected(selectedIds())
    recount()
    return watchSelection(recount)
  }, [])

  const what = selected.length === 1 ? `1 ${singular.toLowerCase()}` : `${selected.length} ${plural.toLowerCase()}`

  function remove() {
    startDeleting(async () => {
      const result = await deleteRecords({ resource, ids: selected }).catch(() => undefined)
      if (!result?.ok) {
        const message = result?.message ?? 'The server could not be reached. Try again in a moment.'
        notifications.show({ color: 'red', title: 'Nothing was deleted', message, autoClose: false })
        return
      }
      showDone(result.message, result.value.undo)
      clearSelection()
      router.refresh()
    })
  }

  function ask() {
    modals.openConfirmModal({
      title: `Delete ${what}?`,
      children: <Question {...{ resource, singular, plural, isRecorded }} ids={JSON.stringify(selected)} />,
      labels: { confirm: `Delete ${what}`, cancel: 'Cancel' },
      confirmProps: { color: 'red' },
      cancelProps: { variant: 'default' },
      onConfirm: remove,
    })
  }

  if (selected.length === 0) return null
  return (
    <section className={styles.bar} aria-label="Selection" data-floating>
      <span role="status" className={styles.words}>
        {selected.length} selected
      </span>
      <Button size="small" className={styles.button} disabled={isDeleting} onClick={ask}>
        {isDeleting ? 'Deleting…' : 'Delete…'}
      </Button>
      <Button size="small" className={styles.button} disabled={isDeleting} onClick={clearSelection}>
        Clear
      </Button>
    </section>
  )
}

/** What else would go with the selection. @param ids as JSON */
function Question({ resource, singular, plural, isRecorded, ids }: Props & { ids: string }) {
  const deletion = useDeletion(resource, ids, true)
  const count = (JSON.parse(ids) as string[]).length
  const noun = count === 1 ? singular.toLowerCase() : `${count} ${plural.toLowerCase()}`
  return (
    <>
      <DeletionQuestion deletion={deletion} noun={noun} isMany={count > 1} isRecorded={isRecorded} />
      {count > 1 && <p>Either all of them go or, where one must stay, none does.</p>}
    </>
  )
}
