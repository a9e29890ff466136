'use client'

import { TextInput } from '@mantine/core'
import { useState } from 'react'
import type { UndoChoice, UndoObstacle, UndoRefusal } from '@/lib/admin/history/undo-view'
import { Button } from '@/lib/ui/button/button'
import styles from './undo.module.css'

interface Props {
  message: string
  refusal: UndoRefusal
  /** What is being done. Default: Undo. */
  verb?: 'Undo' | 'Restore'
  /** What to say instead: nothing is done then. Default: Leave it. */
  leave?: string
  isBusy?: boolean
  onChoose: (choice: UndoChoice) => void
  onClose: () => void
}

/** What is in the way of an undo, and what can be done about it: within a dialog, or on the page of a job that waits. */
export function UndoChoices({
  message,
  refusal: { obstacles, blocked, free },
  verb = 'Undo',
  leave = 'Leave it',
  isBusy = false,
  onChoose,
  onClose,
}: Props) {
  const [given, setGiven] = useState<Record<string, string>>({})
  const missing = obstacles.filter(({ choice }) => choice === 'give')
  const isGiven = missing.every(({ key = '' }) => given[key]?.trim())
  const canOverrule = obstacles.some(({ choice }) => choice === 'overrule')
  const mustLeaveOut = obstacles.some(({ choice }) => choice === 'leaveOut')
  const hasAll = blocked <= obstacles.length
  const canGoOn = (canOverrule || missing.length > 0) && isGiven && (!mustLeaveOut || free > 0 || canOverrule)
  return (
    <>
      <p>{message}</p>
      <Comparison obstacles={obstacles} verb={verb} />
      {!hasAll && <p className={styles.note}>and more of the same.</p>}
      {missing.map(({ key = '', record, label }) => (
        <TextInput
          key={key}
          label={`${label} of ${record}`}
          value={given[key] ?? ''}
          onChange={({ currentTarget: { value } }) => setGiven((known) => ({ ...known, [key]: value }))}
          required
        />
      ))}
      <div className={styles.choices}>
        <Button disabled={isBusy} onClick={onClose}>
          {leave}
        </Button>
        {free > 0 && (
          <Button disabled={isBusy} onClick={() => onChoose({ leaveOut: true })}>
            {blocked === 1 ? `${verb} the rest` : `${verb} the rest, without these ${blocked.toLocaleString()}`}
          </Button>
        )}
        {canGoOn && (
          <Button
            tone="primary"
            disabled={isBusy}
            onClick={() => onChoose({ overrule: canOverrule, leaveOut: mustLeaveOut, given })}
          >
            {canOverrule ? `${verb} all the same` : 'Restore with this'}
          </Button>
        )}
      </div>
    </>
  )
}

function Comparison({ obstacles, verb }: { obstacles: readonly UndoObstacle[]; verb: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: scrolled with the keyboard where it is long
    <section className={styles.scroll} aria-label="Comparison" tabIndex={0}>
      <table className={styles.compare}>
        <thead>
          <tr>
            <th>Field</th>
            <th>After the change</th>
            <th>Now</th>
            <th>{verb} would set</th>
          </tr>
        </thead>
        <tbody>
          {obstacles.map(({ record, label, reason, expected, now, wanted }) => (
            <tr key={`${record} ${label} ${reason}`}>
              <td>
                {record}
                {label && ` · ${label}`}
              </td>
              {expected === undefined ? (
                <td colSpan={3}>{reason}</td>
              ) : (
                <>
                  <td data-label="After the change">{expected ?? 'none'}</td>
                  <td data-label="Now">{now ?? 'none'}</td>
                  <td data-label={`${verb} would set`}>{wanted ?? 'none'}</td>
                </>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
