/*
 * What a list and its notice know of each other. The rows are plain markup below the table's head, the notice stands
 * above the table: they are no parent and child.
 */

/** What came by itself and waits to be shown. */
export interface RowNews {
  /** Rows that are new. */
  added: number
  /** Rows that are struck out, because they were deleted. */
  gone: number
  /** Whether rows are to stand elsewhere, or others in their place. */
  isMoved: boolean
}

const NOTHING: RowNews = { added: 0, gone: 0, isMoved: false }

/** How long after it was asked for a drawing counts as one that came by itself. */
const AWAITED_MS = 10_000

const listeners = new Set<() => void>()
let news = NOTHING
let showAll: (() => void) | undefined
let awaited = Number.NEGATIVE_INFINITY
const added = new Set<string>()
const deleted = new Set<string>()

export const rowNews = (): RowNews => news
export const noNews = (): RowNews => NOTHING

export function onRowNews(listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

/** The list is about to be drawn anew without anybody having asked for it: nothing may move under the cursor. */
export function awaitOwnDrawing(): void {
  awaited = performance.now()
}

/** Whether the rows that have just come were asked for by `awaitOwnDrawing`. */
export function isOwnDrawing(): boolean {
  const isOwn = performance.now() - awaited < AWAITED_MS
  awaited = Number.NEGATIVE_INFINITY
  return isOwn
}

/** Records that were inserted since the rows were drawn. */
export function noteAdded(id: string): void {
  added.add(id)
}
export const isAdded = (id: string): boolean => added.has(id)

/** Records that were deleted since. */
export function noteDeleted(id: string): void {
  deleted.add(id)
}
export const isDeleted = (id: string): boolean => deleted.has(id)

/** @param show draws the rows as they are by now */
export function setRowNews(next: RowNews, show: () => void): void {
  news = next
  showAll = show
  for (const listener of [...listeners]) listener()
}

export function showNews(): void {
  showAll?.()
  forgetNews()
}

export function forgetNews(): void {
  added.clear()
  deleted.clear()
  showAll = undefined
  if (news === NOTHING) return
  news = NOTHING
  for (const listener of [...listeners]) listener()
}
