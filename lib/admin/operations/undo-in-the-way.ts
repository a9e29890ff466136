import { AdminError } from '@/lib/errors'
import type { UndoObstacle, UndoRefusal } from '../history/undo-view'
import type { WeighedStep } from './undo-weigh'

/** Obstacles told at most. */
const TOLD = 50

/** Gathers what is in the way of an undo: the first of it as a comparison, all of it counted. */
export class InTheWay {
  readonly #told: UndoObstacle[] = []
  /** Records by the first reason each of them has. */
  readonly #reasons = new Map<string, number>()
  #blocked = 0

  get blocked(): number {
    return this.#blocked
  }

  add({ obstacles }: WeighedStep): void {
    const [first] = obstacles
    if (!first) return
    this.#blocked++
    this.#reasons.set(first.reason, (this.#reasons.get(first.reason) ?? 0) + 1)
    this.#told.push(...obstacles.slice(0, Math.max(0, TOLD - this.#told.length)))
  }

  /** @param free records that could be undone without these */
  refusal(free: number): AdminError {
    const blocked = this.#blocked
    const what = blocked === 1 ? this.#told[0]!.record : `${blocked.toLocaleString('en')} records`
    const isChanged = [...this.#reasons.keys()].every((reason) => reason.startsWith('Changed again'))
    const counts = [...this.#reasons].map(([reason, n]) => `${n.toLocaleString('en')} × ${reason}`)
    const message = isChanged
      ? `${what} ${blocked === 1 ? 'was' : 'were'} changed again since. Undoing would overwrite that.`
      : `${what} cannot be undone just like that.${counts.length > 1 ? ` ${counts.join(' ')}` : ''}`
    const undo: UndoRefusal = { obstacles: this.#told, blocked, free }
    return new AdminError('conflict', message, { undo })
  }
}
