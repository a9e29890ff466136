'use client'

import { useEffect, useState } from 'react'
import { Button } from '@/lib/ui/button/button'
import styles from './form.module.css'
import type { Then } from './form-values'

interface Props {
  isReady: boolean
  isDirty: boolean
  isSaving: boolean
  /** Which button is under way. */
  then: Then
  canCreate: boolean
  onSave: (then: Then) => void
  onUndo: () => void
}

/** What can be done with what was typed. Buttons wait for the page to be alive, so that none is pressed in vain. */
export function SaveBar({ isReady, isDirty, isSaving, then, canCreate, onSave, onUndo }: Props) {
  const keys = useSaveKeys(() => onSave('continue'), isReady && !isSaving)
  const isOff = !isReady || isSaving
  const label = (which: Then, words: string) => (isSaving && then === which ? 'Saving…' : words)
  return (
    <div className={styles.save} data-save-bar>
      <Button type="submit" tone="primary" disabled={isOff}>
        {label('list', 'Save')}
      </Button>
      <Button disabled={isOff} onClick={() => onSave('continue')}>
        {label('continue', 'Save and continue')}
      </Button>
      {canCreate && (
        <Button tone="quiet" className={styles.spare} disabled={isOff} onClick={() => onSave('another')}>
          {label('another', 'Save and add another')}
        </Button>
      )}
      <span className={styles.grow} />
      <span className={styles.state} role="status">
        {isDirty && !isSaving && 'Unsaved changes'}
      </span>
      {isDirty && !isSaving && (
        <Button tone="quiet" size="small" className={styles.undo} onClick={onUndo}>
          Discard
        </Button>
      )}
      <kbd className={styles.keys}>{keys}</kbd>
    </div>
  )
}

/** Ctrl S, or ⌘ S where that is the custom, saves and stays. Gives the keys' name. */
function useSaveKeys(save: () => void, isEnabled: boolean): string {
  const [keys, setKeys] = useState('Ctrl S')
  useEffect(() => {
    if (/Mac|iPhone|iPad/.test(navigator.platform)) setKeys('⌘ S')
  }, [])
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent) {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || event.key.toLowerCase() !== 's') return
      event.preventDefault() // also while saving: the browser's own dialog helps nobody here
      if (isEnabled) save()
    }
    document.addEventListener('keydown', onKeyDown)
    return () => document.removeEventListener('keydown', onKeyDown)
  })
  return keys
}
