import { AdminError } from '@/lib/errors'
import type { UndoObstacle, UndoRefusal } from '../history/undo-view'
import type { WeighedStep } from './undo-weigh'

/** Obstacles told at most. */
const TOLD = 50

/** Gathers what is in the way of an undo: some of each reason as a comparison, all of it counted. */
export class InTheWay {
  /** Records by the first reason each of them has, and what is told of them. */
  readonly #reasons = new Map<string, { count: number; told: UndoObstacle[] }>()
  #blocked = 0

  get blocked(): number {
    return this.#blocked
  }

  add({ obstacles }: WeighedStep): void {
    const [first] = obstacles
    if (!first) return
    this.#blocked++
    const known = this.#reasons.get(first.reason) ?? { count: 0, told: [] }
    known.count++
    known.told.push(...obstacles.slice(0, Math.max(0, TOLD - known.told.length)))
    this.#reasons.set(first.reason, known)
  }

  /** @param free records that could be undone without these */
  refusal(free: number): AdminError {
    const blocked = this.#blocked
    const obstacles = this.#told()
    const what = blocked === 1 ? obstacles[0]!.record : `${blocked.toLocaleString('en')} records`
    const isChanged = [...this.#reasons.keys()].every((reason) => reason.startsWith('Changed again'))
    const counts = [...this.#reasons].map(([reason, { count }]) => `${count.toLocaleString('en')} × ${reason}`)
    const message = isChanged
      ? `${what} ${blocked === 1 ? 'was' : 'were'} changed again since. Undoing would overwrite that.`
      : `${what} cannot be undone just like that.${counts.length > 1 ? ` ${counts.join(' ')}` : ''}`
    const undo: UndoRefusal = { obstacles, blocked, free }
    return new AdminError('conflict', message, { undo })
  }

  /** As many of each reason as there is room for. Values that nobody is shown a place for cannot be given. */
  #told(): UndoObstacle[] {
    const share = Math.ceil(TOLD / this.#reasons.size)
    const told = [...this.#reasons.values()].flatMap((reason) => reason.told.slice(0, share))
    if (this.#blocked <= TOLD) return told
    return told.map((obstacle) => (obstacle.choice === 'give' ? { ...obstacle, choice: 'leaveOut' } : obstacle))
  }
}
