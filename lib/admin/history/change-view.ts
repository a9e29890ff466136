/*
 * What history pages draw: plain JSON, in the person's language and zone.
 */

/** A piece of a long text: kept, taken out or put in. */
export interface TextPart {
  kind: 'same' | 'removed' | 'added'
  text: string
}

/** How one field differs. */
export interface FieldChange {
  field: string
  label: string
  /** One readable line each; null is "none", undefined where the change has no such side. */
  before?: string | null
  after?: string | null
  /** Long texts: word by word, with what stayed cut to its edges. */
  parts?: TextPart[]
}

/** One change of one record, or a transaction represented by the change it began with. */
export interface ChangeView {
  id: string
  tx: string
  /** Postgres text in UTC; of what a job did, when it ended. */
  at: string
  who: string
  /** 'form', 'sql', an action's key … */
  source: string
  /** Made past the admin: psql or another program. */
  isOutside: boolean
  op: 'insert' | 'update' | 'delete' | 'truncate'
  /** The resource's singular and key; undefined where the table is administered by none. */
  resource?: { key: string; singular: string; plural: string }
  relation: string
  recordId: string | null
  /** What the record was called then. */
  title: string
  href?: string
  fields: FieldChange[]
  /** Fields beyond those in `fields`. */
  moreFields: number
  reason: string | null
  /** Set where a background job made it and more in several transactions: the request of all of them. */
  request?: string
  /** Changes in the transaction that the person may see, this one included. */
  count: number
  /** Whether all of them are the same operation on the same resource. */
  isUniform: boolean
  isUndo: boolean
  /** Of an append-only record: the version that this change wrote. */
  version?: number
  /** Whether there is something here that could be undone by somebody with the right. */
  canUndo: boolean
}

export interface HistoryView {
  changes: ChangeView[]
  /** Cursor of the next, older page. */
  next: string | null
  /** Where a search stopped reading: everything newer was looked at. */
  searchedTo: string | null
}
