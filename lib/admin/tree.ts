import type { SQL } from 'drizzle-orm'
import type { ColumnShape, Relation, TableShape } from '@/lib/db/table-shape'
import type { Storage, Texts } from '@/lib/storage/storage'
import type { Changeset } from './changeset'
import type { Operation, OperationContext, PolicyAnswer, RequestContext } from './context'
import type { CellFormat, FieldAccess, Tone } from './define'
import type { Choice, FieldKind } from './fields/field'
import type { IconName } from './icons'

/*
 * The complete shape: what resolve.ts makes of the config once at start. Immutable; every default is filled in and
 * every hook slot is a function, so nothing downstream asks whether an option was given.
 */

/** A record as callbacks see it: field name → value as Drizzle types it. */
export type RecordValues = Record<string, unknown>

export interface Field {
  name: string
  label: string
  column: ColumnShape
  kind: FieldKind
  /** The kind of an array's elements. */
  element?: FieldKind
  isKey: boolean
  /** Must have a value on create: not null and without a default. Asked of what is written, after the hooks. */
  isRequired: boolean
  /** Whether the form asks for it. */
  isAskedFor: boolean
  help?: string
  hint?: string
  placeholder?: string
  rows: number
  tones: Readonly<Record<string, Tone>>
  /** The fixed choices, or a function of the request; undefined where any value of the kind goes. */
  choices?: (ctx: RequestContext, record?: RecordValues) => Promise<readonly Choice[]>
  /** The text an empty form starts with. */
  default?: (ctx: RequestContext) => string | null
  create: (ctx: RequestContext) => FieldAccess
  update: (ctx: RequestContext, record: RecordValues) => FieldAccess
  read: (ctx: RequestContext) => boolean
  /** Set anew by every update ('updated_at'): no part of what a person changes, and never in an undo's way. */
  isTouched: boolean
  /** Its values never reach the change log. */
  isSecret: boolean
  /** The to-one association this field is the (only) column of. */
  reference?: Reference
}

/** A to-one association: fields here hold the key of a record there. */
export interface Reference {
  /** Key of the target resource ('catalogue/categories'). */
  resource: string
  /** Fields here, in the order of `targetFields`. */
  fields: readonly string[]
  targetFields: readonly string[]
  onDelete?: string
}

/** A to-many association: records of `resource` whose `fields` hold this record's `ownFields`. */
export interface RelatedList {
  name: string
  label: string
  resource: string
  fields: readonly string[]
  ownFields: readonly string[]
  onDelete?: string
}

/** A many-to-many association through a join table that is no resource of its own. */
export interface ManyToMany {
  name: string
  label: string
  /** Key of the resource on the other side. */
  resource: string
  join: TableShape
  /** Columns of the join table that hold this record's key, in key order; then the other side's. */
  ownColumns: readonly ColumnShape[]
  ownFields: readonly string[]
  otherColumns: readonly ColumnShape[]
  otherFields: readonly string[]
  /** What stands in FROM: the join table's rows, now or, in a tree of the past, then. */
  joinSource(): SQL
}

/** What a resource shows that stands at an earlier moment. */
export interface Past {
  /** The moment as addresses have it. */
  at: string
  /** The resource as it is now. */
  present: Resource
  /** What a record held in columns that the table no longer has, or not as this type, by their names. */
  droppedValues(db: RequestContext['db'], id: string): Promise<Texts>
  /** The columns, by their names, of which an erasure took what a record held then. */
  erasedColumns(db: RequestContext['db'], id: string): Promise<string[]>
  /** How many records of then are missing in lists, because the key has a type since that cannot hold theirs. */
  countUnfit(db: RequestContext['db']): Promise<number>
  /**
   * Holds for rows of `alias` whose record satisfies the condition as it is now too, or as it was when it went.
   * @param condition over the alias it is given
   */
  holdsNow(alias: string, condition: (alias: string) => SQL): SQL
  /**
   * The ids of all records whose row of today meets a condition; undefined where they are many, or not worth finding
   * beside what changed since. Absent: the past needs no such help.
   */
  idsToday?(db: RequestContext['db'], condition: (alias: string) => SQL): Promise<readonly string[] | undefined>
}

export interface ListColumn {
  name: string
  label: string
  align: 'start' | 'end'
  format?: CellFormat
  currency: string
  /** The field it shows; undefined for computed columns. */
  field?: Field
  value?: (record: RecordValues, ctx: RequestContext) => unknown
  /** What ORDER BY takes: a field or an expression; undefined does not sort. */
  sort?: Field | SQL
  cell?: () => Promise<{ default: unknown }>
}

/** Where to look for a term: a field here, or at the end of a path of to-one or to-many associations. */
export interface SearchTarget {
  path: readonly (Reference | RelatedList | ManyToMany)[]
  field: Field
}

export interface SortKey {
  field: Field
  descending: boolean
}

export interface ListFilter {
  field: Field
  label: string
  choices?: (ctx: RequestContext) => Promise<readonly Choice[]>
}

export interface FormGroupTree {
  label: string
  description?: string
  fields: readonly Field[]
}

export type ValidatorFn = (ctx: OperationContext, changeset: Changeset, record?: RecordValues) => Promise<void>

export interface ResolvedHooks {
  beforeInsert(ctx: OperationContext, changeset: Changeset): Promise<void>
  beforeUpdate(ctx: OperationContext, changeset: Changeset, record: RecordValues): Promise<void>
  beforeSave(ctx: OperationContext, changeset: Changeset): Promise<void>
  afterSave(ctx: OperationContext, record: RecordValues): Promise<void>
  afterInsert(ctx: OperationContext, record: RecordValues): Promise<void>
  afterUpdate(ctx: OperationContext, record: RecordValues): Promise<void>
  beforeDelete(ctx: OperationContext, record: RecordValues): Promise<void>
  afterDelete(ctx: OperationContext, record: RecordValues): Promise<void>
}

/** Statements of the deployer's own in place of ours; insert and update give the record's id. */
export interface ResolvedOverrides {
  insert?(ctx: OperationContext, changeset: Changeset): Promise<string>
  update?(ctx: OperationContext, changeset: Changeset, record: RecordValues): Promise<string>
  delete?(ctx: OperationContext, record: RecordValues): Promise<void>
}

export interface Resource {
  /** 'catalogue/products': section key and resource key. */
  key: string
  section: string
  slug: string
  relation: Relation
  shape: TableShape
  storage: Storage
  singular: string
  plural: string
  icon: IconName
  description?: string
  hidden: boolean
  order: number
  /** Key fields in order; empty: records cannot be opened, only listed. */
  keyFields: readonly Field[]
  /** All fields, by name, in table order. */
  fields: ReadonlyMap<string, Field>
  title: {
    /** Fields a title is made of: what pickers and links select. `undefined` needs the whole record. */
    field?: Field
    of(record: RecordValues): string
  }
  list: {
    columns: readonly ListColumn[]
    search: readonly SearchTarget[]
    filters: readonly ListFilter[]
    sort: readonly SortKey[]
    size: 25 | 50 | 100
  }
  form: { groups: readonly FormGroupTree[] }
  references: readonly Reference[]
  related: readonly RelatedList[]
  manyToMany: readonly ManyToMany[]
  validate: { create: ValidatorFn; update: ValidatorFn }
  hooks: ResolvedHooks
  overrides: ResolvedOverrides
  authorize(ctx: RequestContext, operation: Operation, record?: RecordValues): Promise<PolicyAnswer>
  scope(ctx: RequestContext): SQL | undefined
  disabled(ctx: RequestContext): ReadonlySet<'create' | 'update' | 'delete'>
  /** What happens at the ends of an ephemeral record's life. */
  lifetime?: {
    /** Values a new record starts with, where `given` has none. */
    onCreate(ctx: OperationContext, given: RecordValues): Promise<RecordValues>
    onExpire?(ctx: OperationContext, record: RecordValues): Promise<void>
    /** Whether hooks, callbacks or overrides want to see each record go; else many go in one statement. */
    isWatched: boolean
  }
  history: boolean
  /** Set where the tree stands at an earlier moment: then nothing can be written. */
  past?: Past
}

export interface Section {
  key: string
  label: string
  icon: IconName
  order: number
  /** In menu order. */
  resources: readonly Resource[]
}

export interface Admin {
  title: string
  logo?: { src: string; small?: string }
  footer?: string
  theme: { accent?: string; scheme: 'light' | 'dark' | 'auto' }
  locale: string
  timeZone: string
  home: string
  dashboard: 'shown' | 'hidden' | 'off'
  /** 'owner' first. */
  roles: readonly string[]
  /** In menu order. */
  sections: readonly Section[]
  resources: ReadonlyMap<string, Resource>
  /** By 'schema.table': the resource a relation is administered as. */
  byRelation: ReadonlyMap<string, Resource>
}
