import type { InferInsertModel, InferSelectModel, SQL } from 'drizzle-orm'
import type { PgMaterializedView, PgTable, PgView } from 'drizzle-orm/pg-core'
import type { ComponentType } from 'react'
import type { ZodType } from 'zod'
import type { BuiltInOptions, HandlerDefinition } from '@/lib/effects'
import type { TaskDefinition } from '@/lib/tasks'
import type { AnyWatcher, WatchOptions } from '@/lib/watch'
import type { Changeset } from './changeset'
import type { Operation, OperationContext, PolicyAnswer, RequestContext } from './context'
import type { IconName } from './icons'
import type { StorageOption } from './storage-options'

/*
 * The comfortable shape: what people write in admin.config.ts. Every option has a default.
 * resolve.ts turns it into the complete tree of tree.ts; checks.ts says everything that is wrong with it at once.
 */

type AnyRelation = PgTable | PgView | PgMaterializedView

/** The Drizzle property names of a table's or view's columns. */
export type FieldName<T extends AnyRelation> = T extends PgTable
  ? Extract<keyof T['_']['columns'], string>
  : T extends PgView | PgMaterializedView
    ? Extract<keyof T['_']['selectedFields'], string>
    : never

/** A row as Drizzle types it. */
export type RecordOf<T extends AnyRelation> = T extends PgTable
  ? InferSelectModel<T>
  : T extends PgView | PgMaterializedView
    ? T['$inferSelect']
    : never

/** The values a write may carry. */
export type ValuesOf<T extends AnyRelation> = T extends PgTable ? Partial<InferInsertModel<T>> : never

type MaybePromise<V> = V | Promise<V>

/** Whether a field can be changed, is only shown, or is absent; a function decides per request and record. */
export type FieldAccess = 'editable' | 'readonly' | 'hidden'

/** `[label, value]` pairs, or objects; an async function is asked per request. */
export type Choices = readonly (readonly [label: string, value: string] | { label: string; value: string })[]

export interface FieldOptions<T extends AnyRelation = AnyRelation> {
  label?: string
  /** A field kind by name ('textarea', 'richtext', 'money' …) in place of the column type's own. */
  kind?: string
  /** Lines of a textarea. Default 4. */
  rows?: number
  /** Restricts the field to these values, whatever its kind; the server refuses others. */
  choices?: Choices | ((ctx: RequestContext, record?: RecordOf<T>) => MaybePromise<Choices>)
  help?: string
  /** Stands beside the label: a unit, a zone, "with VAT". */
  hint?: string
  placeholder?: string
  /** Whether the form asks for a value. Default: where the column needs one; false where a hook fills it in. */
  required?: boolean
  /** What an empty form starts with (the database's default otherwise stands). */
  default?: unknown | ((ctx: RequestContext) => unknown)
  create?: FieldAccess | ((ctx: RequestContext) => FieldAccess)
  update?: FieldAccess | ((ctx: RequestContext, record: RecordOf<T>) => FieldAccess)
  /** Who may see the value anywhere: lists, filters, search, export, history. Default everyone. */
  read?: (ctx: RequestContext) => boolean
  /** Keeps the value out of the change log: that it changed is recorded, not to what. Default false; passwords always. */
  secret?: boolean
  /** Colours of a status, by value: draws it as a word with a dot. */
  tones?: Record<string, Tone>
}

export type Tone = 'ok' | 'warn' | 'bad' | 'info' | 'quiet'

export type CellFormat = 'money' | 'percent' | 'bytes' | 'relative' | 'date' | 'datetime' | 'number' | 'boolean'

export interface ColumnOptions<T extends AnyRelation> {
  /** A field, or a new name for a computed column (which then needs `value`). */
  name: FieldName<T> | (string & {})
  label?: string
  align?: 'start' | 'end'
  format?: CellFormat
  /** ISO 4217 code for `format: 'money'`. Default EUR. */
  currency?: string
  /** Computes the cell from the record; async results are awaited for the page together. */
  value?: (record: RecordOf<T>, ctx: RequestContext) => MaybePromise<unknown>
  /** A field or SQL expression a computed column sorts by; without it the column does not sort. */
  sort?: FieldName<T> | SQL
  /** A component of your own, loaded when drawn: `() => import('./cells/margin')`. */
  cell?: () => Promise<{ default: ComponentType<{ value: unknown; record: RecordOf<T> }> }>
}

export type Column<T extends AnyRelation> = FieldName<T> | ColumnOptions<T>

/** A field to search in: its own, or one across associations ('category.name'), at any depth. */
export type SearchPath<T extends AnyRelation> = FieldName<T> | `${string}.${string}`

export interface FilterOptions<T extends AnyRelation> {
  field: FieldName<T>
  label?: string
  choices?: Choices | ((ctx: RequestContext) => MaybePromise<Choices>)
}

export interface ListOptions<T extends AnyRelation> {
  columns?: readonly Column<T>[]
  /** Default: every text column. `[]` removes the box. */
  search?: readonly SearchPath<T>[]
  /** Default: whatever the columns' types allow, for the columns shown. */
  filters?: readonly (FieldName<T> | FilterOptions<T>)[]
  /** `['-views', 'title']`. Default: newest key first. */
  sort?: readonly (FieldName<T> | `-${FieldName<T>}`)[]
  /** 25, 50 or 100. Default 25. */
  size?: 25 | 50 | 100
}

export interface FormGroup<T extends AnyRelation> {
  label: string
  description?: string
  fields: readonly FieldName<T>[]
}

export interface FormOptions<T extends AnyRelation> {
  /** What differs for single fields. */
  fields?: { [F in FieldName<T>]?: FieldOptions<T> }
  /** Which fields stand in the form, in order, in groups. Default: all but generated and defaulted keys and timestamps. */
  groups?: readonly FormGroup<T>[]
}

/** All in one transaction with the write; each may `ctx.reject(...)`. Before hooks may change the changeset. */
export interface Hooks<T extends AnyRelation> {
  beforeInsert?: (ctx: OperationContext, changeset: Changeset<ValuesOf<T>>) => MaybePromise<void>
  beforeUpdate?: (ctx: OperationContext, changeset: Changeset<ValuesOf<T>>, record: RecordOf<T>) => MaybePromise<void>
  beforeSave?: (ctx: OperationContext, changeset: Changeset<ValuesOf<T>>) => MaybePromise<void>
  afterSave?: (ctx: OperationContext, record: RecordOf<T>) => MaybePromise<void>
  afterInsert?: (ctx: OperationContext, record: RecordOf<T>) => MaybePromise<void>
  afterUpdate?: (ctx: OperationContext, record: RecordOf<T>) => MaybePromise<void>
  beforeDelete?: (ctx: OperationContext, record: RecordOf<T>) => MaybePromise<void>
  afterDelete?: (ctx: OperationContext, record: RecordOf<T>) => MaybePromise<void>
}

/** A Zod shape over the values written, or a function that may change values and add errors. */
export type Validator<T extends AnyRelation> =
  | ZodType
  | ((ctx: OperationContext, changeset: Changeset<ValuesOf<T>>, record?: RecordOf<T>) => MaybePromise<void>)

/** Take the place of the statement itself, between the hooks, in the transaction; each returns the record's id. */
export interface Overrides<T extends AnyRelation> {
  insert?: (ctx: OperationContext, changeset: Changeset<ValuesOf<T>>) => Promise<string>
  update?: (ctx: OperationContext, changeset: Changeset<ValuesOf<T>>, record: RecordOf<T>) => Promise<string>
  delete?: (ctx: OperationContext, record: RecordOf<T>) => Promise<void>
}

export interface ResourceOptions<T extends AnyRelation> {
  /** Plural name as the menu shows it. Default: derived from the key. */
  label?: string
  singular?: string
  plural?: string
  icon?: IconName
  description?: string
  /** Not in the menu, still reachable. */
  hidden?: boolean
  /** Place in the menu; equal ones stand in alphabetical order. Default 999. */
  order?: number
  /** What a record is called: a field or a function. Default: title, name, label, email, else the first text that is no part of an address as 'shipName' is beside 'shipCity', else the key. */
  title?: FieldName<T> | ((record: RecordOf<T>) => string)
  /** Columns that identify a record of a view or of a table without a primary key. */
  key?: readonly FieldName<T>[]
  list?: ListOptions<T>
  form?: FormOptions<T>
  validate?: Validator<T> | { create?: Validator<T>; update?: Validator<T> }
  hooks?: Hooks<T>
  overrides?: Overrides<T>
  /**
   * Whether a person may do it: yes, no, or with which rows. Asked without a record first; that answer decides menus,
   * buttons and, where it is SQL, which rows lists, exports, pickers and pages have. Asked again with the record wherever
   * one is opened or changed, but of no list row by row: what must not be seen is said in SQL. Default: yes.
   */
  authorize?: (ctx: RequestContext, operation: Operation, record?: RecordOf<T>) => MaybePromise<PolicyAnswer>
  /** Bounds everything: rows, count, search, export, direct addresses, pickers, history. */
  scope?: (ctx: RequestContext) => SQL | undefined
  /** Operations that do not exist for this resource, by person. */
  disable?:
    | readonly ('create' | 'update' | 'delete')[]
    | ((ctx: RequestContext) => readonly ('create' | 'update' | 'delete')[])
  /** Whether changes are recorded. Default true for tables. */
  history?: boolean
  /** Fields whose values never reach the change log, like `secret: true` on each. */
  redact?: readonly FieldName<T>[]
  /** What code is told of, and what follows from a change: `[{ on: 'updated', triggerColumns: ['status'], effect: 'order.paid' }]`. */
  watch?: T extends PgTable ? readonly WatchOptions<T>[] : never
  /** Work done again and again on these records, as on the site. In a tree that is a function, declare it on the site. */
  tasks?: readonly TaskDefinition[]
  /** How records live: 'table', `appendOnly({ current })` or `ephemeral({ inactivityTimeout: '30m' })`. Default 'table'. */
  storage?: StorageOption<T>
}

export interface ResourceDefinition {
  readonly relation: AnyRelation
  readonly options: ResourceOptions<AnyRelation>
}

export interface SectionOptions {
  icon?: IconName
  order?: number
}

export interface SectionDefinition {
  readonly label: string | undefined
  readonly options: SectionOptions
  readonly resources: Record<string, ResourceDefinition>
}

export type Sections = Record<string, SectionDefinition>

export interface AdminOptions {
  /** The Drizzle module: tables give relations; where `sections` is left out, they are all listed. */
  schema?: Record<string, unknown>
  title?: string
  logo?: { src: string; small?: string }
  footer?: string
  theme?: { accent?: `#${string}`; scheme?: 'light' | 'dark' | 'auto' }
  /** BCP 47. Default 'en'. */
  locale?: string
  /** IANA zone in which dates and times are shown and typed. Default 'UTC'. */
  timeZone?: string
  /** 'dashboard', or the path of a resource: 'catalogue/products'. */
  home?: string
  dashboard?: 'hidden' | false
  /** A tree, or a function of the request that returns one (then `schema` is the fixed catalogue of resources). */
  sections?: Sections | ((ctx: RequestContext) => Sections | Promise<Sections>)
  /** Whether changes are recorded unless a resource says otherwise. Default true. */
  history?: boolean
  /**
   * Fields whose values never reach the change log, by 'schema.table': for trees that are a function of the request,
   * since `migrate` has to know them without one. Elsewhere a resource's own `redact` says it.
   */
  redact?: Readonly<Record<string, readonly string[]>>
  /**
   * Lets months of the change log go that ended longer ago than this; the worker detaches them where it has
   * DATABASE_OWNER_URL, and drops them where `drop` says so. Default: everything stays.
   */
  historyRetention?: { months: number; drop?: boolean }
  /**
   * How tables live, by 'schema.table': for trees that are a function of the request, since workers and `migrate` have
   * to know it without one. Elsewhere a resource's own `storage` says it.
   */
  storage?: Readonly<Record<string, StorageOption<never>>>
  /** What carries out effects, by kind: `{ 'order.paid': handler({ payload, run }) }`. */
  effects?: Readonly<Record<string, HandlerDefinition>>
  /** What the built-in kinds need: `{ email: { smtpUrl, from }, http: { secret, allow }, files: localFiles('files') }`. */
  builtIn?: BuiltInOptions
  /** Watchers of tables that are no resource here, or of a tree that is a function: `[watcher(stock, { on: 'updated' })]`. */
  watch?: readonly AnyWatcher[]
  /** Work done again and again by one worker at a time: `[task({ name, every, initialValue, run })]`. */
  tasks?: readonly TaskDefinition[]
  /** Roles a person may be given, by name; policies read them as `ctx.user.role`. Default `['owner', 'editor']`. 'owner' always exists. */
  roles?: readonly string[]
}

export interface AdminDefinition {
  readonly options: AdminOptions
}

/** The whole admin, as `admin.config.ts` exports it. Nothing is checked yet: that happens at start, all at once. */
export function defineAdmin(options: AdminOptions): AdminDefinition {
  return { options }
}

/** A group of resources in the menu. The label defaults to the key in words. */
export function section(
  label: string | undefined,
  options: SectionOptions,
  resources: Record<string, ResourceDefinition>,
): SectionDefinition {
  return { label, options, resources }
}

/** A table or view in the admin; names in `options` are checked against its columns by the compiler. */
export function resource<T extends AnyRelation>(relation: T, options: ResourceOptions<T> = {}): ResourceDefinition {
  // The one place where a resource's own types are let go: from here on its callbacks meet records as `unknown`.
  return { relation, options: options as unknown as ResourceOptions<AnyRelation> }
}
