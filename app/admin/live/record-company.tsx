'use client'

import { useEffect, useState } from 'react'
import { listen } from './live'
import styles from './record-company.module.css'

interface Props {
  /** Key of the resource. */
  resource: string
  id: string
}

interface Person {
  name: string
}

const EVERY_MS = 20_000

/** Who else has the record open. Says the same of this page, for as long as it is visible. */
export function RecordCompany({ resource, id }: Props) {
  const [people, setPeople] = useState<readonly Person[]>([])

  useEffect(() => {
    const page = pageId()
    let isOver = false
    let saying = Promise.resolve()
    const say = async (isLeaving: boolean) => {
      if (isOver && !isLeaving) return
      const answer = await fetch('/api/live/presence', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ page, resource, id, isLeaving }),
        keepalive: isLeaving,
      }).catch(() => undefined)
      if (!answer?.ok || isLeaving || isOver) return
      setPeople(((await answer.json()) as { people: Person[] }).people)
    }
    const sayHere = () => {
      if (document.visibilityState === 'visible') saying = saying.then(() => say(false))
    }
    const sayGone = () => void say(true)
    const timer = window.setInterval(sayHere, EVERY_MS)
    const stop = listen((event) => {
      if (event.kind !== 'company') return
      setPeople(event.company.find((one) => one.resource === resource && one.id === id)?.people ?? [])
    })
    sayHere()
    document.addEventListener('visibilitychange', sayHere)
    window.addEventListener('pagehide', sayGone)
    return () => {
      isOver = true
      window.clearInterval(timer)
      stop()
      document.removeEventListener('visibilitychange', sayHere)
      window.removeEventListener('pagehide', sayGone)
      // Not before what is on its way has arrived: the last word counts.
      void saying.then(sayGone)
    }
  }, [resource, id])

  return (
    <div role="status" className={styles.people}>
      {people.map(({ name }) => (
        <span key={name} className={styles.person} title={`${name} has this open too`}>
          <span aria-hidden="true">{initials(name)}</span>
          {name} is here too
        </span>
      ))}
    </div>
  )
}

/** crypto.randomUUID exists on secure addresses only. */
function pageId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

function initials(name: string): string {
  const words = name.trim().split(/\s+/)
  return [words[0], words.length > 1 ? words.at(-1) : undefined]
    .map((word) => [...(word ?? '')][0] ?? '')
    .join('')
    .toUpperCase()
}
