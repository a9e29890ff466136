/** What an undo is asked for: single changes, or all of a transaction or request. */
export interface UndoRequest {
  ids?: string[]
  tx?: string
  /** All changes of one request: what a bulk action or an import made. */
  request?: string
  /** Sets values back although they were changed again since. */
  overrule?: boolean
}

/** A value that was changed again since: what it was after the change, what it is, what the undo would set. */
export interface UndoConflict {
  record: string
  label: string
  expected: string | null
  now: string | null
  wanted: string | null
}

export type UndoAnswer =
  | { ok: true; message: string; value: { undone: number } }
  | { ok: false; code: string; message: string; conflicts?: UndoConflict[] }
