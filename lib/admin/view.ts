import type { FieldErrors } from '@/lib/errors'
import type { CellFormat, Tone } from './define'
import type { Choice, Operator } from './fields/field'

/*
 * What pages and browsers receive: plain JSON, built by picking. lib/ui and every 'use client' component know only
 * these shapes. Texts in them are already in the person's language and zone where they are `display`.
 */

export interface MenuView {
  title: string
  logo?: { src: string; small?: string }
  footer?: string
  sections: { key: string; label: string; items: MenuItemView[] }[]
  system: MenuItemView[]
}

export interface MenuItemView {
  href: string
  label: string
  icon: string
  /** '2,000', '20k', 'about 3M'. */
  count?: string
  isHot?: boolean
}

export interface ResourceView {
  key: string
  section: string
  sectionLabel: string
  slug: string
  singular: string
  plural: string
  description?: string
  /** Whether changes are recorded: what is not cannot be undone. */
  isRecorded: boolean
  /** '/admin/catalogue/products' */
  href: string
  /** The earlier moment it is shown as of, as addresses have it. */
  at?: string
  can: { create: boolean; update: boolean; delete: boolean }
}

/** What brings a deleted record back. */
export interface Restorable {
  /** The change that deleted it, to be undone; absent where it keeps versions, and is undeleted. */
  change?: string
}

/** What a deletion would mean to the records that refer to it, and to theirs in turn, in words such as "3 order lines". */
export interface DeletionView {
  /** Deleted with it. */
  goes: string[]
  /** Kept, but no longer referring to it. */
  stays: string[]
  /** What the database lets hold on to it. */
  blocks: string[]
  /** What holds on to something that would go with it. */
  blocksBelow?: string[]
  /** Not all of it could be looked through: there may be more. */
  isCut?: true
}

/** One value in a list or a read-only place. */
export interface CellView {
  /** Kind name: chooses the cell's drawing. */
  kind: string
  /** Postgres text, cut to what a list needs; null is shown as "none". */
  text: string | null
  /** One readable line. */
  display: string
  /** The whole value where `display` was cut. */
  full?: string
  /** Where a related record or the record itself opens. */
  href?: string
  tone?: Tone
  format?: CellFormat
  /** Exact moment or value for a tooltip. */
  title?: string
  /** Of the end of an ephemeral record: milliseconds it had left when this was read. */
  remainingMs?: number
  /** What a custom cell component drew. */
  custom?: React.ReactNode
}

export interface ColumnView {
  name: string
  label: string
  align: 'start' | 'end'
  isSortable: boolean
  sorted?: 'asc' | 'desc'
  /** Address that sorts by it (or reverses), and the one that adds it as a further key. */
  sortHref?: string
  addSortHref?: string
}

export interface RowView {
  id: string
  /** Where the record opens; undefined where it cannot be opened. */
  href?: string
  title: string
  cells: CellView[]
}

export interface FilterControlView {
  field: string
  label: string
  control: 'text' | 'number' | 'date' | 'datetime' | 'boolean' | 'choice' | 'reference' | 'array'
  operators: Operator[]
  choices?: Choice[]
  /** For references: where options come from. */
  optionsUrl?: string
}

export interface ChipView {
  /** 'Status is Draft' */
  label: string
  removeHref: string
  field: string
  operator: Operator
  value: string
}

export type CountView = { kind: 'exact' | 'about' | 'atLeast'; count: number }

export interface PagerView {
  /** '1–25 of 1,312', 'about 2 million' … */
  summary: string
  size: number
  sizes: { size: number; href: string }[]
  first?: string
  previous?: string
  next?: string
  last?: string
  /** Numbered pages where the count is exact: first, last and two on each side; null is a gap. */
  pages: ({ page: number; href: string; isCurrent: boolean } | null)[]
  /** Address that counts exactly, where the count is not. */
  countHref?: string
}

export interface ListView {
  resource: ResourceView
  columns: ColumnView[]
  rows: RowView[]
  search: { isOffered: boolean; value: string; placeholder: string }
  filters: FilterControlView[]
  chips: ChipView[]
  clearHref?: string
  pager: PagerView
  count: CountView
  exportHref: string
  newHref?: string
  /** What was wrong with the address and which default stands instead. */
  notices: string[]
  /** Why it is empty: no records yet, or none match. */
  emptiness?: 'none_yet' | 'no_match'
  /** The state as the query string, without '?': lets pages come back to where they were. */
  query: string
}

/** The earlier moment that a page shows. */
export interface AsOfView {
  /** As addresses have it: '2026-11-14T08:00:00Z'. */
  at: string
  /** '14 Nov 2026, 09:00' in the person's language and zone. */
  words: string
  /** Somebody was writing then who has not committed yet: what they did will belong to this moment. */
  isProvisional: boolean
  /** Resources and fields of which the page shows what they are today, since their changes are not recorded. */
  asToday: string[]
  /** Set where nothing is known of the moment: the earliest that is, and what hides all before it. */
  begins?: { at: string; words: string; because: 'began' | 'truncated' | 'retention' }
}

export interface FieldView {
  name: string
  label: string
  kind: string
  /** The kind of an array's elements. */
  element?: string
  /** Postgres type without modifiers, e.g. 'numeric', for inputs that need it. */
  sqlType: string
  access: 'editable' | 'readonly'
  isRequired: boolean
  isNullable: boolean
  help?: string
  hint?: string
  placeholder?: string
  rows: number
  width: 'half' | 'full'
  choices?: Choice[]
  tones: Record<string, Tone>
  /** Most characters, where the type bounds them. */
  maxLength?: number
  /** Most decimals of an exact number. */
  scale?: number
  /** For references: where options come from, and where the current target opens. */
  reference?: { optionsUrl: string; href?: string; label?: string; newHref?: string; targetLabel: string }
  /** Where the bytes of a binary value can be had. */
  downloadUrl?: string
  /** For read-only fields and for history: one readable line. */
  display: string
  /** Zone in which dates and times are typed. */
  timeZone: string
  locale: string
}

export interface ManyToManyView {
  name: string
  label: string
  optionsUrl: string
  selected: { id: string; label: string }[]
  isEditable: boolean
}

export interface RelatedListView {
  name: string
  label: string
  /** The related list filtered to this record. */
  href: string
  newHref?: string
  count: CountView
  rows: { id: string; href?: string; title: string; display: string }[]
}

export interface RecordView {
  resource: ResourceView
  /** undefined on the page of a new record. */
  id?: string
  title: string
  version: string
  groups: { label: string; description?: string; fields: FieldView[] }[]
  /** Postgres text by field as shown: sent back with a save, so that only what differs is written. */
  texts: Record<string, string | null>
  manyToMany: ManyToManyView[]
  related: RelatedListView[]
  can: { update: boolean; delete: boolean; create: boolean }
  notices: string[]
  /** Of an earlier moment: what stood in columns that are gone since, by their names. */
  dropped?: { name: string; text: string }[]
  /** Each save is a further version: the form sends which one it had shown, and may say why. */
  keepsVersions?: boolean
  /** Of an ephemeral record: what counts down beside its title. */
  lifetime?: LifetimeView
}

/** When a record vanishes. Moments are ISO texts; a missing one means never. */
export interface LifetimeView {
  /** Unless somebody opens, changes or keeps it alive before. */
  expiresAt?: string
  /** Whatever happens. */
  livesUntil?: string
  /** The same in the person's language and zone. */
  latest?: string
  /** Milliseconds it had left when this was read: what a countdown starts from, whatever the browser's clock says. */
  remainingMs?: number
  /** False where activity no longer moves the end. */
  canBeKept: boolean
}

/** What a picker receives from /api/options. */
export interface OptionsView {
  options: { id: string; label: string; hint?: string }[]
  hasMore: boolean
}

/** What every server action answers: a page to go to, or what to mend with everything typed kept. */
export type ActionResult<T = unknown> =
  | { ok: true; message: string; value: T }
  | {
      ok: false
      code: string
      message: string
      fields: FieldErrors
      /** For a conflict: the texts this person had seen, that stand now, and that they want, by field. */
      conflicts?: { field: string; label: string; shown: string | null; now: string | null; yours: string | null }[]
      reference?: string
      /** For a conflict of versions: the newest, which a save that has seen it names. */
      version?: string
    }
