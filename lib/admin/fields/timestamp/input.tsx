'use client'

import { Input, Popover } from '@mantine/core'
import { CalendarDays } from 'lucide-react'
import dynamic from 'next/dynamic'
import { useState } from 'react'
import type { FieldInputProps } from '../input'
import inputs from '../input.module.css'
import { lineProps, useTyped } from '../use-typed'
import { dayText, momentText, readMoment } from './moment'
import { textInZone, wallAt } from './zone'

const Calendar = dynamic(() => import('./calendar').then((module) => module.Calendar), { ssr: false })

/**
 * A day or a moment, written or picked. A moment with a zone is shown as clocks in the site's zone show it, to the
 * microsecond, and what is typed is read there by the server; left alone, its own text goes back.
 */
export function MomentInput(props: FieldInputProps) {
  const { field, disabled } = props
  const isDay = field.kind === 'date'
  const [typed, type] = useTyped(props, isDay ? undefined : (text) => withoutZeros(textInZone(text, zoneOf(field))))
  const [isOpen, setOpen] = useState(false)
  const moment = readMoment(typed)
  const picked = typeof moment === 'object' && moment.year > 0 ? moment : undefined

  function pick(day: string, clock: string): void {
    type(isDay ? day : `${day} ${clock}`)
  }

  return (
    <Popover opened={isOpen} onChange={setOpen} position="bottom-start" returnFocus withinPortal withRoles={false}>
      <Popover.Target>
        <Input
          {...lineProps(props, typed, type)}
          placeholder={field.placeholder ?? (isDay ? 'YYYY-MM-DD' : 'YYYY-MM-DD HH:MM')}
          classNames={{ input: inputs.number }}
          rightSectionPointerEvents="all"
          rightSection={
            <button
              type="button"
              className={inputs.icon}
              onClick={() => setOpen(!isOpen)}
              disabled={disabled}
              aria-label="Open calendar"
              aria-expanded={isOpen}
              aria-haspopup="dialog"
            >
              <CalendarDays aria-hidden="true" />
            </button>
          }
        />
      </Popover.Target>
      <Popover.Dropdown>
        {isOpen && (
          <Calendar
            locale={field.locale}
            day={picked && dayText(Date.UTC(picked.year, picked.month - 1, picked.day))}
            clock={isDay ? undefined : (clockOf(typed) ?? '00:00')}
            today={dayText(wallAt(Date.now(), zoneOf(field)))}
            onPick={pick}
            onNow={() => {
              const now = momentText(wallAt(Date.now(), zoneOf(field)), '')
              type(isDay ? now.slice(0, 10) : now.slice(0, 16))
              setOpen(false)
            }}
            onClear={
              field.isNullable
                ? () => {
                    type('')
                    setOpen(false)
                  }
                : undefined
            }
            onDone={() => setOpen(false)}
          />
        )}
      </Popover.Dropdown>
    </Popover>
  )
}

/** A timestamp without zone is nowhere; its "now" is still the site's. */
const zoneOf = (field: FieldInputProps['field']) => field.timeZone

/** Seconds are left out where there are none. */
const withoutZeros = (text: string) => text.replace(/^(\d+-\d\d-\d\d \d\d:\d\d):00(?= BC$|$)/, '$1')

const clockOf = (text: string) => text.match(/\d[ T](\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)/)?.[1]
