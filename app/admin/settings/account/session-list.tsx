'use client'

import type { ReactNode } from 'react'
import { Button } from '@/lib/ui/button/button'
import { endOthers, endSession } from '../actions'
import styles from '../settings.module.css'
import { useSettingsAction } from '../use-settings-action'

interface SessionView {
  id: string
  device: string
  detail: ReactNode
  /** The session of the browser that looks at this page. */
  isThis: boolean
}

export function SessionList({ sessions }: { sessions: readonly SessionView[] }) {
  const { isBusy, run, problem } = useSettingsAction()
  return (
    <>
      <ul className={styles.rows}>
        {sessions.map(({ id, device, detail, isThis }) => (
          <li key={id} className={styles.row}>
            <div className={styles.words}>
              <div className={styles.name}>{device}</div>
              <div className={styles.detail}>{detail}</div>
            </div>
            {isThis ? (
              <span className={styles.here}>this one</span>
            ) : (
              <Button
                size="small"
                disabled={isBusy}
                onClick={() => run(() => endSession({ id }))}
                aria-label={`Sign out ${device}`}
              >
                Sign out
              </Button>
            )}
          </li>
        ))}
      </ul>
      {problem && (
        <p role="alert" className={styles.problem}>
          {problem}
        </p>
      )}
      {sessions.length > 2 && (
        <Button size="small" disabled={isBusy} onClick={() => run(() => endOthers())}>
          Sign out everywhere else
        </Button>
      )}
    </>
  )
}
