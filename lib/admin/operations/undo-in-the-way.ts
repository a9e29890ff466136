import { AdminError } from '@/lib/errors'
import type { OperationContext } from '../context'
import type { UndoRefusal } from '../history/undo-view'
import { nameOthers, type Obstacle } from './undo-others'
import type { WeighedStep } from './undo-weigh'

/** Obstacles told at most. */
const TOLD = 50

/** Characters told of a value. */
const MOST_CHARACTERS = 500

/** Records by the first reason each of them has, and what is told of them. */
export type Reasons = Record<string, { count: number; told: Obstacle[] }>

/** Gathers what is in the way of an undo: some of each reason as a comparison, all of it counted. */
export class InTheWay {
  readonly #reasons: Map<string, Reasons[string]>
  #blocked: number

  /** @param reasons what was gathered before */
  constructor(reasons: Reasons = {}) {
    this.#reasons = new Map(Object.entries(reasons))
    this.#blocked = Object.values(reasons).reduce((sum, { count }) => sum + count, 0)
  }

  get blocked(): number {
    return this.#blocked
  }

  get reasons(): Reasons {
    return Object.fromEntries(this.#reasons)
  }

  add({ obstacles }: WeighedStep): void {
    const [first] = obstacles
    if (!first) return
    this.#blocked++
    const known = this.#reasons.get(first.reason) ?? { count: 0, told: [] }
    known.count++
    known.told.push(...obstacles.slice(0, Math.max(0, TOLD - known.told.length)).map(inShort))
    this.#reasons.set(first.reason, known)
  }

  /** @param free records that could be undone without these */
  async told(ctx: OperationContext, free: number): Promise<{ message: string; refusal: UndoRefusal }> {
    const blocked = this.#blocked
    const obstacles = await nameOthers(ctx, this.#obstacles())
    const what = blocked === 1 ? obstacles[0]!.record : `${blocked.toLocaleString('en')} records`
    const isChanged = [...this.#reasons.keys()].every((reason) => reason.startsWith('Changed again'))
    const counts = [...this.#reasons].map(([reason, { count }]) => `${count.toLocaleString('en')} × ${reason}`)
    const message = isChanged
      ? `${what} ${blocked === 1 ? 'was' : 'were'} changed again since. Undoing would overwrite that.`
      : `${what} cannot be undone just like that.${counts.length > 1 ? ` ${counts.join(' ')}` : ''}`
    return { message, refusal: { obstacles, blocked, free } }
  }

  /** The same as what a request is turned down with. */
  async refusal(ctx: OperationContext, free: number): Promise<AdminError> {
    const { message, refusal: undo } = await this.told(ctx, free)
    return new AdminError('conflict', message, { undo })
  }

  /** As many of each reason as there is room for. Values that nobody is shown a place for cannot be given. */
  #obstacles(): Obstacle[] {
    const share = Math.ceil(TOLD / this.#reasons.size)
    const told = [...this.#reasons.values()].flatMap((reason) => reason.told.slice(0, share))
    if (this.#blocked <= TOLD) return told
    return told.map((obstacle) => (obstacle.choice === 'give' ? { ...obstacle, choice: 'leaveOut' } : obstacle))
  }
}

/** A long value by its beginning: it is to be recognised. */
function inShort(obstacle: Obstacle): Obstacle {
  const { expected, now, wanted } = obstacle
  return expected === undefined
    ? obstacle
    : { ...obstacle, expected: short(expected), now: short(now), wanted: short(wanted) }
}

const short = (text: string | null | undefined) =>
  text && text.length > MOST_CHARACTERS ? `${[...text.slice(0, MOST_CHARACTERS)].slice(0, -1).join('')} …` : text
