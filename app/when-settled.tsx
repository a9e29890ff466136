import { type ReactNode, Suspense } from 'react'
import type { Settled } from './settle'

interface Props<T> {
  settled: Settled<T>
  /** Shown until a slow answer is there. */
  fallback: ReactNode
  children: (value: T) => ReactNode
}

/** What came in time is drawn with the page, without a boundary that could flash; what did not streams in behind one. */
export function WhenSettled<T>({ settled, fallback, children }: Props<T>) {
  if (settled.isSettled) return children(settled.value)
  return (
    <Suspense fallback={fallback}>
      <Late promise={settled.promise}>{children}</Late>
    </Suspense>
  )
}

async function Late<T>({ promise, children }: { promise: Promise<T>; children: Props<T>['children'] }) {
  return children(await promise)
}
