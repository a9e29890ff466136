'use client'

import { Button, ButtonLink } from '@/lib/ui/button/button'
import styles from './form.module.css'

interface Props {
  /** 'Cart' */
  singular: string
  message: string
  listHref: string
  canCreate: boolean
  isDirty: boolean
  isSaving: boolean
  onCreate: () => void
}

/** The record vanished while its form was open: what was typed is still there, and can become a new one. */
export function ExpiredPanel({ singular, message, listHref, canCreate, isDirty, isSaving, onCreate }: Props) {
  const noun = singular.toLowerCase()
  return (
    <section id="form-expired" tabIndex={-1} role="alert" className={styles.expired}>
      <h2>This {noun} is gone</h2>
      <p>
        {message}
        {isDirty ? ' What you typed is still here.' : ' What it held is still shown here.'}
      </p>
      <div className={styles.conflictFoot}>
        {canCreate && (
          <Button tone="primary" disabled={isSaving} onClick={onCreate}>
            {isSaving ? 'Creating…' : `Create a new ${noun} with these values`}
          </Button>
        )}
        <ButtonLink href={listHref}>Back to the list</ButtonLink>
      </div>
    </section>
  )
}
