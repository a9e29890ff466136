'use client'

import { useState } from 'react'
import { Calendar } from '@/lib/admin/fields/timestamp/calendar'
import { dayText, momentText } from '@/lib/admin/fields/timestamp/moment'
import { wallAt } from '@/lib/admin/fields/timestamp/zone'
import { buttonClass } from '@/lib/ui/button/button'
import styles from './as-of.module.css'

interface Props {
  at?: string
  locale: string
  timeZone: string
  /** Told the moment as an address has it. */
  onShow: (at: string) => void
}

const HOUR = 3_600_000
const AGO: [label: string, ms: number][] = [
  ['An hour ago', HOUR],
  ['A day ago', 24 * HOUR],
  ['A week ago', 7 * 24 * HOUR],
  ['30 days ago', 30 * 24 * HOUR],
]

/** A moment to pick, in the person's zone, or one of those people often want. */
export function MomentPanel({ at, locale, timeZone, onShow }: Props) {
  const [wall, setWall] = useState(() => momentText(wallAt(at ? Date.parse(at) : Date.now(), timeZone), ''))
  const today = dayText(wallAt(Date.now(), timeZone))
  return (
    <>
      <div className={styles.presets}>
        {AGO.map(([label, ms]) => (
          <button
            key={label}
            type="button"
            className={buttonClass({ size: 'small' })}
            onClick={() => onShow(new Date(Date.now() - ms).toISOString())}
          >
            {label}
          </button>
        ))}
      </div>
      <Calendar
        locale={locale}
        day={wall.slice(0, 10)}
        clock={wall.slice(11, 16)}
        today={today}
        lastDay={today}
        onPick={(day, clock) => setWall(`${day} ${clock}`)}
        doneLabel="Show"
        onDone={() => onShow(wall.slice(0, 16).replace(' ', 'T'))}
      />
      <p className={styles.zone}>{timeZone.replaceAll('_', ' ')}</p>
    </>
  )
}
