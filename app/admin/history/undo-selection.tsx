'use client'

import { useEffect, useState } from 'react'
import { Button } from '@/lib/ui/button/button'
import { clearSelection, selectedIds, watchSelection } from '../[section]/[resource]/list/selection'
import styles from '../[section]/[resource]/list/selection-bar.module.css'
import { UndoPicked } from './undo-buttons'

/** Undoes the entries that are ticked, in one step. The boxes are plain markup; this listens to them. */
export function UndoSelection({ of }: { of: 'ids' | 'tx' }) {
  const [picked, setPicked] = useState<string[]>([])
  useEffect(() => {
    const recount = () => setPicked(selectedIds())
    recount()
    return watchSelection(recount)
  }, [])
  if (picked.length === 0) return null
  return (
    <section className={styles.bar} aria-label="Selection" data-floating>
      <span role="status" className={styles.words}>
        {picked.length} selected
      </span>
      <UndoPicked request={{ [of]: picked }} count={picked.length} className={styles.button} onDone={clearSelection} />
      <Button size="small" className={styles.button} onClick={clearSelection}>
        Clear
      </Button>
    </section>
  )
}
