'use client'

import { TextInput } from '@mantine/core'
import { Fragment, useState } from 'react'
import type { OtherRecords, UndoChoice, UndoObstacle, UndoRefusal } from '@/lib/admin/history/undo-view'
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
  const overruled = obstacles.filter(({ choice }) => choice === 'overrule').length
  const canOverrule = overruled > 0
  const lost = new Set(obstacles.filter(({ choice }) => choice === 'leaveOut').map(({ record }) => record))
  const mustLeaveOut = lost.size > 0
  const hasAll = blocked <= obstacles.length
  // Not where each of these records has something in its way that nobody can set aside.
  const isLeft = free > 0 || !hasAll || obstacles.some(({ record }) => !lost.has(record))
  const canGoOn = (canOverrule || missing.length > 0) && isLeft
  // What sets newer values aside is never what the eye is led to.
  const overwrites = obstacles.some(({ choice, expected }) => choice === 'overrule' && expected !== undefined)
  const isPrimary = { goOn: canGoOn && !overwrites, rest: free > 0 && (!canGoOn || overwrites) }
  const goOn = canGoOn && (
    <Button
      tone={isPrimary.goOn ? 'primary' : 'danger'}
      disabled={isBusy || !isGiven}
      onClick={() => onChoose({ overrule: canOverrule, leaveOut: mustLeaveOut, given })}
    >
      {overwrites
        ? `${verb} all the same`
        : canOverrule
          ? `${verb} without ${overruled === 1 ? 'this value' : 'these values'}`
          : 'Restore with this'}
    </Button>
  )
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
        {!isPrimary.goOn && goOn}
        <Button
          tone={isPrimary.goOn || isPrimary.rest ? 'default' : 'primary'}
          disabled={isBusy}
          onClick={onClose}
          data-autofocus
        >
          {leave}
        </Button>
        {free > 0 && (
          <Button
            tone={isPrimary.rest ? 'primary' : 'default'}
            disabled={isBusy}
            onClick={() => onChoose({ leaveOut: true })}
          >
            {blocked === 1 ? `${verb} the rest` : `${verb} the rest, without these ${blocked.toLocaleString()}`}
          </Button>
        )}
        {isPrimary.goOn && goOn}
      </div>
    </>
  )
}

/** The sentence with the records' names in it, each a link that leaves the question where it is. */
function Named({ others: { sentence, records, hasMore } }: { others: OtherRecords }) {
  const [before, after] = sentence.split('{}')
  const ends = records.length + (hasMore ? 1 : 0)
  return (
    <>
      {before}
      {records.map(({ title, href }, at) => (
        <Fragment key={href}>
          {at > 0 && (at === ends - 1 ? ' and ' : ', ')}
          <a href={href} target="_blank" rel="noreferrer">
            {title}
          </a>
        </Fragment>
      ))}
      {hasMore && ' and others'}
      {after}
    </>
  )
}

function Comparison({ obstacles, verb }: { obstacles: readonly UndoObstacle[]; verb: string }) {
  const hasValues = obstacles.some(({ expected }) => expected !== undefined)
  const isOne = new Set(obstacles.map(({ record }) => record)).size === 1
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: scrolled with the keyboard where it is long
    <section className={styles.scroll} aria-label="Comparison" tabIndex={0}>
      <table className={styles.compare}>
        <thead>
          {hasValues ? (
            <tr>
              <th>Field</th>
              <th>After the change</th>
              <th>Now</th>
              <th>{verb} would set</th>
            </tr>
          ) : (
            <tr>
              <th>{isOne ? 'Field' : 'Record'}</th>
              <th colSpan={3}>What is in the way</th>
            </tr>
          )}
        </thead>
        <tbody>
          {obstacles.map(({ record, label, reason, others, expected, now, wanted }) => (
            <tr key={`${record} ${label} ${reason}`}>
              <td>{isOne && label ? label : [record, label].filter(Boolean).join(' · ')}</td>
              {expected === undefined ? (
                <td colSpan={3}>{others ? <Named others={others} /> : reason}</td>
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
