'use client'

import { lazy } from 'react'
import { Button } from '@/lib/ui/button/button'
import { OnDemand } from '@/lib/ui/on-demand'
import type { AsOfProps } from './as-of-popover'

const load = () => import('./as-of-popover').then(({ AsOfPopover }) => ({ default: AsOfPopover }))
const AsOfPopover = lazy(load)

/** The way to the page as it was at another moment. */
export function AsOfButton(props: AsOfProps) {
  return (
    <OnDemand button={<Button aria-haspopup="dialog">As of…</Button>} load={load}>
      <AsOfPopover {...props} />
    </OnDemand>
  )
}
