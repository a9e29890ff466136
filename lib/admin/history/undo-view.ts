/** What an undo is asked for: single changes, or all of some transactions or of one request. */
export interface UndoRequest {
  ids?: string[]
  tx?: string | string[]
  /** All changes of one request: what a bulk action or an import made. */
  request?: string
  /** Sets values back although they were changed again since, and leaves out single values that cannot come back. */
  overrule?: boolean
  /** Overrules only changes this snapshot (its text) saw: those the person was asked about. */
  overruleUpTo?: string
  /** Leaves out whole records that cannot be undone, or not without overwriting, and undoes the rest. */
  leaveOut?: boolean
  /** Values the log does not know and a record cannot come back without, by the obstacle's `key`. */
  given?: Record<string, string>
}

/** Something in the way of an undo. */
export interface UndoObstacle {
  record: string
  /** The field meant; empty where it is the record as a whole. */
  label: string
  /** What is in the way, in a sentence. */
  reason: string
  /** The other records it speaks of, by what they are called. */
  others?: OtherRecords
  /** Where a value is meant: what it was after the change, what it is, what the undo would set. */
  expected?: string | null
  now?: string | null
  wanted?: string | null
  /** What can be chosen: overrule it, give the value that is missing, or only leave the record out. */
  choice: 'overrule' | 'give' | 'leaveOut'
  /** Under which `given` brings the missing value. */
  key?: string
}

/** Other records in the way of an undo, as far as the person may see them. */
export interface OtherRecords {
  /** What is in the way, in a sentence with their names in place of `{}`. */
  sentence: string
  records: { title: string; href: string }[]
  /** Whether there are more of them. */
  hasMore: boolean
}

/** Why nothing was undone, and what could be chosen instead. */
export interface UndoRefusal {
  /** At most fifty, some of each reason. */
  obstacles: UndoObstacle[]
  /** Records concerned, and records that could be undone without them. */
  blocked: number
  free: number
}

export type UndoAnswer =
  | {
      ok: true
      message: string
      value: {
        undone: number
        request: string
        /** The undo's own request, where a toast should offer to take it back. */
        undo?: { request: string }
        /** The list to go to where the undo removed the record whose page is open. */
        listHref?: string
      }
    }
  | { ok: false; code: string; message: string; refusal?: UndoRefusal }

/** What a person chooses where something is in the way. */
export type UndoChoice = Pick<UndoRequest, 'overrule' | 'leaveOut' | 'given'>

/** What is in the way of a large undo, found before any of it was done. */
export interface UndoQuestion {
  message: string
  refusal: UndoRefusal
  /** The snapshot (its text) it speaks of. */
  upTo: string
}

export interface UndoJobAnswer {
  ok: boolean
  message: string
  /** The job's id, where one was started. */
  job?: string
}
