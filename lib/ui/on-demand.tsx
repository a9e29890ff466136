'use client'

import { cloneElement, type ReactElement, type ReactNode, Suspense, useEffect, useRef, useState } from 'react'

/** The button as it is drawn, to which its presses are added. */
type ButtonElement = ReactElement<{
  onClick?: () => void
  onPointerEnter?: () => void
  onFocus?: () => void
  'aria-expanded'?: boolean
  'aria-busy'?: boolean
}>

interface Props {
  /** The button that opens it, as it stands until somebody presses it. */
  button: ButtonElement
  /** Fetches what comes with the first press. Called as soon as a press is likely, and again by each press until it worked. */
  load: () => Promise<unknown>
  /** Takes the button's place from then on: the same button, with what it opens open. */
  children: ReactNode
}

/**
 * A button whose menu or panel comes with its first press. Pages carry a plain button until then: neither the server
 * nor the browser builds what most visits never open.
 */
export function OnDemand({ button, load, children }: Props) {
  const [state, setState] = useState<'idle' | 'coming' | 'there'>('idle')
  if (state === 'there') return <Suspense fallback={button}>{children}</Suspense>

  const expect = () => void load().catch(() => {}) // a press asks again
  async function open() {
    setState('coming')
    setState(
      await load().then(
        () => 'there' as const,
        () => 'idle' as const,
      ),
    )
  }
  return cloneElement(button, {
    onClick: open,
    onPointerEnter: expect,
    onFocus: expect,
    'aria-expanded': false,
    'aria-busy': state === 'coming',
  })
}

/**
 * For what takes the button's place: opens once its own button is there to be placed at, which takes over the focus
 * without moving the page (`autoFocus` would scroll).
 */
export function useArrival() {
  const button = useRef<HTMLButtonElement>(null)
  const [isOpen, setIsOpen] = useState(false)
  useEffect(() => {
    button.current?.focus({ preventScroll: true })
    setIsOpen(true)
  }, [])
  return { button, isOpen, setIsOpen }
}
