'use client'

import { notifications } from '@mantine/notifications'
import { useState, useTransition } from 'react'
import type { ActionResult } from '@/lib/admin/view'
import type { FieldErrors } from '@/lib/errors'

const LOST = 'The server could not be reached. Nothing was changed: try again in a moment.'

/** Runs the page's actions one at a time: success is a toast, a refusal stands beside what caused it. */
export function useSettingsAction() {
  const [isBusy, startTransition] = useTransition()
  const [problem, setProblem] = useState<string>()
  const [fields, setFields] = useState<FieldErrors>({})

  function run<T>(work: () => Promise<ActionResult<T>>, onDone?: (value: T) => void): void {
    startTransition(async () => {
      setProblem(undefined)
      setFields({})
      try {
        const answer = await work()
        if (answer.ok) {
          notifications.show({ message: answer.message })
          onDone?.(answer.value)
        } else {
          setProblem(answer.message)
          setFields(answer.fields)
        }
      } catch {
        setProblem(LOST)
      }
    })
  }

  /** The messages of one field as one text. */
  const errorOf = (name: string): string | undefined => fields[name]?.join(' ')
  return { isBusy, run, problem, fields, errorOf }
}
