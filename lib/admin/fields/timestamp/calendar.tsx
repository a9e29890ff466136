'use client'

import { FocusTrap } from '@mantine/core'
import { DatePicker, TimePicker } from '@mantine/dates'
import { useState } from 'react'
import { spokenLocale } from '../spoken'
import styles from './calendar.module.css'

interface Props {
  locale: string
  /** The day chosen, YYYY-MM-DD. */
  day: string | undefined
  /** The time chosen; undefined where only a day is asked for. */
  clock: string | undefined
  today: string
  onPick: (day: string, clock: string) => void
  onNow?: () => void
  onClear?: () => void
  onDone: () => void
  /** The last day that can be picked, YYYY-MM-DD. */
  lastDay?: string
  /** What `onDone`'s button says. Default: Done. */
  doneLabel?: string
}

/** A month to pick a day from, with a time below where one is wanted. Loaded when it is first opened. */
export function Calendar({
  locale,
  day,
  clock,
  today,
  onPick,
  onNow,
  onClear,
  onDone,
  lastDay,
  doneLabel = 'Done',
}: Props) {
  const [shownMonth, setShownMonth] = useState(day ?? today)
  const words = (options: Intl.DateTimeFormatOptions) => {
    const format = new Intl.DateTimeFormat(spokenLocale(locale), { ...options, timeZone: 'UTC' })
    return (date: string) => format.format(new Date(`${date.slice(0, 10)}T00:00:00Z`))
  }
  return (
    <FocusTrap active>
      <div className={styles.calendar}>
        <DatePicker
          value={day ?? null}
          date={shownMonth}
          onDateChange={setShownMonth}
          onChange={(next) => {
            if (!next) return
            onPick(next, clock ?? '')
            if (clock === undefined) onDone()
          }}
          allowDeselect={false}
          maxDate={lastDay}
          highlightToday
          hideOutsideDates
          weekdayFormat={words({ weekday: 'short' })}
          monthLabelFormat={words({ month: 'long', year: 'numeric' })}
          monthsListFormat={words({ month: 'short' })}
          getDayAriaLabel={words({ dateStyle: 'full' })}
          ariaLabels={{ nextMonth: 'Next month', previousMonth: 'Previous month' }}
          size="sm"
        />
        <div className={styles.foot}>
          {clock !== undefined && (
            <TimePicker
              value={clock.slice(0, 5).padStart(5, '0')}
              onChange={(next) => next && onPick(day ?? today, next.slice(0, 5))}
              hoursInputLabel="Hours"
              minutesInputLabel="Minutes"
              size="xs"
            />
          )}
          {onNow && (
            <button type="button" onClick={onNow}>
              {clock === undefined ? 'Today' : 'Now'}
            </button>
          )}
          {onClear && (
            <button type="button" onClick={onClear}>
              Clear
            </button>
          )}
          {clock !== undefined && (
            <button type="button" onClick={onDone}>
              {doneLabel}
            </button>
          )}
        </div>
      </div>
    </FocusTrap>
  )
}
