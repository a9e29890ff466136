/** Over which rings and changes are counted. */
const WINDOW_MS = 250
/** From so many rings a second on, being rung costs writers and readers more than reading at intervals. */
const LOUD_RINGS = 400
/** Below so many changes a second a ring is cheaper again. */
const CALM_CHANGES = 100

/** Whether changes come so thickly that a reader should not be rung for them. */
export interface Pace {
  rung(): void
  /** A reading that found so many changes. */
  read(changes: number): void
  isLoud(): boolean
  /** Changes a second, as far as was counted last. */
  perSecond(): number
}

export function createPace(now = () => performance.now()): Pace {
  let isLoud = false
  let since = now()
  let rings = 0
  let changes = 0
  let perSecond = 0
  return {
    rung() {
      rings++
    },
    read(found) {
      changes += found
      const seconds = (now() - since) / 1000
      if (seconds * 1000 < WINDOW_MS) return
      perSecond = changes / seconds
      // Who is not rung counts what he finds.
      isLoud = isLoud ? perSecond >= CALM_CHANGES : rings / seconds >= LOUD_RINGS
      since = now()
      rings = 0
      changes = 0
    },
    isLoud: () => isLoud,
    perSecond: () => perSecond,
  }
}
