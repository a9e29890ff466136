'use client'

import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from 'react'
import type { LifetimeView } from '@/lib/admin/view'
import { keepRecordAlive, readLifetime } from './actions'

/** What the parts of an ephemeral record's page know of its life. */
export interface Lifetime {
  view: LifetimeView
  /** When it vanishes by this browser's clock, in ms; undefined where never, and until the page is alive. */
  end: number | undefined
  /** Why the record is gone, once it is: the server's own words. */
  expired: string | undefined
  isKeeping: boolean
  /** Told as a status: "Kept alive." */
  said: string
  keep(): Promise<void>
  /** The server has answered that the record is gone. */
  expire(message: string): void
}

const LifetimeContext = createContext<Lifetime | undefined>(undefined)

/** Undefined on the page of a record that stays. */
export const useLifetime = () => useContext(LifetimeContext)

/** Asked again so long after the server could not be reached. */
const RETRY_MS = 5_000
/** The longest a browser's timer can wait. */
const LONGEST_MS = 2_000_000_000

interface Props {
  /** 'shop/carts' */
  resource: string
  id: string
  lifetime: LifetimeView
  children: ReactNode
}

/**
 * Knows when the record of this page vanishes, for the countdown and for the form. At the end it asks the server, who
 * alone decides: somebody else may have kept the record alive.
 */
export function LifetimeProvider({ resource, id, lifetime, children }: Props) {
  const [view, setView] = useState(lifetime)
  const [end, setEnd] = useState<number>()
  const [expired, expire] = useState<string>()
  const [isKeeping, setKeeping] = useState(false)
  const [said, setSaid] = useState('')

  const take = useCallback((next: LifetimeView) => {
    setView(next)
    setEnd(next.remainingMs === undefined ? undefined : Date.now() + next.remainingMs)
  }, [])

  useEffect(() => take(lifetime), [lifetime, take])

  useEffect(() => {
    if (end === undefined || expired !== undefined) return
    let timer: ReturnType<typeof setTimeout>
    const ask = async () => {
      if (Date.now() < end) return wait(end - Date.now())
      const answer = await readLifetime({ resource, id }).catch(() => undefined)
      if (answer?.ok && answer.value) take(answer.value)
      else if (answer && !answer.ok && isGone(answer.code)) expire(answer.message)
      else wait(RETRY_MS)
    }
    const wait = (ms: number) => {
      timer = setTimeout(() => void ask(), Math.min(ms, LONGEST_MS))
    }
    wait(Math.max(0, end - Date.now()))
    return () => clearTimeout(timer)
  }, [end, expired, resource, id, take])

  const keep = useCallback(async () => {
    setKeeping(true)
    setSaid('')
    const answer = await keepRecordAlive({ resource, id }).catch(() => undefined)
    setKeeping(false)
    if (answer?.ok && answer.value) take(answer.value)
    else if (answer && !answer.ok && isGone(answer.code)) expire(answer.message)
    setSaid(answer?.message ?? 'The server could not be reached. Try again in a moment.')
  }, [resource, id, take])

  const value = useMemo(
    () => ({ view, end, expired, isKeeping, said, keep, expire }),
    [view, end, expired, isKeeping, said, keep],
  )
  return <LifetimeContext value={value}>{children}</LifetimeContext>
}

/** Of an ephemeral record both mean that it is no more; a scope tells no more than the second. */
export const isGone = (code: string) => code === 'expired' || code === 'not_found'
