import { is, SQL } from 'drizzle-orm'
import { closest } from 'fastest-levenshtein'
import { z } from 'zod'
import { AdminError } from '@/lib/errors'
import { isWatcher } from '@/lib/watch'
import { isRelation } from './catalogue'
import { isStorageOption } from './storage-options'

/** One mistake in the config: where it is in the tree, what is wrong, and what would be right. */
export interface Problem {
  /** Stable: docs and tests name it. */
  id: string
  /** 'sections.catalogue.products.list.columns[2]' */
  path: string
  message: string
  hint?: string
}

/** Thrown at start with every mistake at once. */
export class ConfigError extends AdminError {
  constructor(readonly problems: readonly Problem[]) {
    const lines = problems.map(
      ({ id, path, message, hint }) => `  ${path}: ${message}${hint ? ` ${hint}` : ''} (${id})`,
    )
    const count = problems.length === 1 ? 'one mistake' : `${problems.length} mistakes`
    super('misconfigured', `admin.config.ts has ${count}:\n${lines.join('\n')}`)
  }
}

/** "Did you mean …?" where one of `known` is near enough to be a slip. */
export function didYouMean(word: string, known: Iterable<string>): string | undefined {
  const list = [...known]
  if (list.length === 0) return undefined
  const best = closest(word, list)
  const isNear = best.length > 0 && distanceShare(word, best) <= 0.5
  return isNear
    ? `Did you mean “${best}”?`
    : `Known here: ${list.slice(0, 12).join(', ')}${list.length > 12 ? ' …' : ''}.`
}

function distanceShare(a: string, b: string): number {
  const same = [...a].filter((letter) => b.includes(letter)).length
  return 1 - same / Math.max(a.length, b.length)
}

/** Words that are addresses of their own, so no section may be called so. */
export const RESERVED_SECTIONS = new Set([
  'dashboard',
  'p',
  'tasks',
  'effects',
  'changes',
  'settings',
  'system',
  'new',
  'api',
])
/** Words that stand where a record's id would. */
export const RESERVED_RESOURCES = new Set(['new', 'export', 'import', 'history', 'dashboard'])
/** What a section or resource key may look like, since it is its address. */
export const SLUG = /^[A-Za-z][A-Za-z0-9_-]*$/

const text = z.string()
const fn = z.custom<(...args: never[]) => unknown>((value) => typeof value === 'function', {
  error: 'expected a function',
})
const choicesList = z.array(z.union([z.tuple([text, text]), z.strictObject({ label: text, value: text })]))
const choices = z.union([choicesList, fn], { error: 'expected a list of [label, value] pairs or a function' })
const access = z.union([z.enum(['editable', 'readonly', 'hidden']), fn], {
  error: "expected 'editable', 'readonly', 'hidden' or a function",
})
const zone = text.refine((name) => isOk(() => new Intl.DateTimeFormat('en', { timeZone: name })), {
  error: 'is not an IANA time zone such as Europe/Berlin',
})
const locale = text.refine((tag) => isOk(() => new Intl.Locale(tag)), {
  error: 'is not a language tag such as en or de-AT',
})

const fieldOptions = z.strictObject({
  label: text.optional(),
  kind: text.optional(),
  rows: z.int().min(1).max(100).optional(),
  choices: choices.optional(),
  help: text.optional(),
  hint: text.optional(),
  placeholder: text.optional(),
  required: z.boolean().optional(),
  default: z.unknown().optional(),
  create: access.optional(),
  update: access.optional(),
  read: fn.optional(),
  secret: z.boolean().optional(),
  tones: z.record(text, z.enum(['ok', 'warn', 'bad', 'info', 'quiet'])).optional(),
})

const columnOptions = z.strictObject({
  name: text,
  label: text.optional(),
  align: z.enum(['start', 'end']).optional(),
  format: z.enum(['money', 'percent', 'bytes', 'relative', 'date', 'datetime', 'number', 'boolean']).optional(),
  currency: text.regex(/^[A-Z]{3}$/, { error: 'is not an ISO 4217 code such as EUR' }).optional(),
  value: fn.optional(),
  sort: z.union([text, z.custom<SQL>((value) => is(value, SQL))]).optional(),
  cell: fn.optional(),
})

const validator = z.union([fn, z.instanceof(z.ZodType)], { error: 'expected a Zod shape or a function' })
const hookNames = [
  'beforeInsert',
  'beforeUpdate',
  'beforeSave',
  'afterSave',
  'afterInsert',
  'afterUpdate',
  'beforeDelete',
  'afterDelete',
] as const
const hooks = z.strictObject(Object.fromEntries(hookNames.map((name) => [name, fn.optional()])))

const storage = z.custom((value) => isStorageOption(value), {
  error: "expected 'table', appendOnly({ current }) or ephemeral({ … })",
})

const watchOptions = z.strictObject({
  on: z.enum(['inserted', 'updated', 'deleted'], { error: "expected 'inserted', 'updated' or 'deleted'" }),
  label: text.min(1, { error: 'expected a name' }).optional(),
  triggerColumns: z.array(text).min(1, { error: 'expected columns, or nothing for all of them' }).optional(),
  extraColumns: z.array(text).optional(),
  when: fn.optional(),
  effect: text.optional(),
  payload: z.record(text, z.json()).optional(),
  webhook: z.union([text, z.strictObject({ url: text, secret: text.optional() })]).optional(),
  revalidate: z.union([text, z.array(text)]).optional(),
})

const siteWatcher = z
  .custom(isWatcher, { error: 'expected watcher(table, { on: … })' })
  .pipe(z.object({ options: watchOptions }))

const resourceOptions = z.strictObject({
  label: text.optional(),
  singular: text.optional(),
  plural: text.optional(),
  icon: text.optional(),
  description: text.optional(),
  hidden: z.boolean().optional(),
  order: z.number().optional(),
  title: z.union([text, fn]).optional(),
  key: z.array(text).optional(),
  list: z
    .strictObject({
      columns: z.array(z.union([text, columnOptions])).optional(),
      search: z.array(text).optional(),
      filters: z
        .array(z.union([text, z.strictObject({ field: text, label: text.optional(), choices: choices.optional() })]))
        .optional(),
      sort: z.array(text).optional(),
      size: z.literal([25, 50, 100], { error: 'expected 25, 50 or 100' }).optional(),
    })
    .optional(),
  form: z
    .strictObject({
      fields: z.record(text, fieldOptions).optional(),
      groups: z.array(z.strictObject({ label: text, description: text.optional(), fields: z.array(text) })).optional(),
    })
    .optional(),
  validate: z
    .union([validator, z.strictObject({ create: validator.optional(), update: validator.optional() })])
    .optional(),
  hooks: hooks.optional(),
  overrides: z.strictObject({ insert: fn.optional(), update: fn.optional(), delete: fn.optional() }).optional(),
  authorize: fn.optional(),
  scope: fn.optional(),
  disable: z.union([z.array(z.enum(['create', 'update', 'delete'])), fn]).optional(),
  history: z.boolean().optional(),
  redact: z.array(text).optional(),
  watch: z.array(watchOptions).optional(),
  tasks: z.array(z.unknown()).optional(),
  storage: storage.optional(),
})

const adminOptions = z.strictObject({
  schema: z.record(text, z.unknown()).optional(),
  title: text.optional(),
  logo: z.strictObject({ src: text, small: text.optional() }).optional(),
  footer: text.optional(),
  theme: z
    .strictObject({
      accent: text.regex(/^#[0-9a-f]{6}$/i, { error: 'is not a colour such as #1d6b4f' }).optional(),
      scheme: z.enum(['light', 'dark', 'auto']).optional(),
    })
    .optional(),
  locale: locale.optional(),
  timeZone: zone.optional(),
  home: text.optional(),
  dashboard: z.literal(['hidden', false], { error: "expected 'hidden' or false" }).optional(),
  sections: z.union([z.record(text, z.unknown()), fn]).optional(),
  history: z.boolean().optional(),
  redact: z.record(text, z.array(text)).optional(),
  historyRetention: z.strictObject({ months: z.int().min(1), drop: z.boolean().optional() }).optional(),
  storage: z.record(text, storage).optional(),
  effects: z.record(text, z.unknown()).optional(),
  builtIn: z
    .strictObject({
      email: z
        .strictObject({
          smtpUrl: text.optional(),
          folder: text.optional(),
          from: text.optional(),
          perMinute: z.number().optional(),
        })
        .optional(),
      http: z.record(text, z.unknown()).optional(),
      files: z.unknown().optional(),
    })
    .optional(),
  watch: z.array(siteWatcher).optional(),
  tasks: z.array(z.unknown()).optional(),
  roles: z.array(text.min(1, { error: 'expected a name' })).optional(),
})

const sectionOptions = z.strictObject({ icon: text.optional(), order: z.number().optional() })

const SHAPES = { admin: adminOptions, section: sectionOptions, resource: resourceOptions }

/** Unknown keys and values of the wrong type in one part of the config, with their paths. */
export function checkShape(part: keyof typeof SHAPES, options: unknown, path: string): Problem[] {
  const result = SHAPES[part].safeParse(options)
  return result.success ? [] : result.error.issues.flatMap((issue) => problemsOf(issue, path, SHAPES[part]))
}

/** Whether `resource(...)` was given something it can stand on. */
export function checkRelation(relation: unknown, path: string): Problem[] {
  if (isRelation(relation)) return []
  const what = relation === undefined ? 'undefined: is it exported from the schema?' : `a ${typeof relation}`
  return [{ id: 'resource.table', path, message: `expected a Drizzle table or view, got ${what}.` }]
}

/** Whether a key can be an address, and is not one already. */
export function checkSlug(slug: string, reserved: ReadonlySet<string>, path: string): Problem[] {
  if (!SLUG.test(slug)) {
    return [
      {
        id: 'slug.malformed',
        path,
        message: `“${slug}” cannot be an address.`,
        hint: 'Use letters, digits, - and _, starting with a letter.',
      },
    ]
  }
  if (reserved.has(slug.toLowerCase())) {
    return [
      {
        id: 'slug.reserved',
        path,
        message: `“${slug}” is reserved for a page of Kontor's own.`,
        hint: 'Choose another key; the label may stay.',
      },
    ]
  }
  return []
}

function problemsOf(issue: z.core.$ZodIssue, root: string, shape: z.ZodType): Problem[] {
  const path = issue.path.reduce<string>(
    (at, key) => (typeof key === 'number' ? `${at}[${key}]` : `${at}.${String(key)}`),
    root,
  )
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(shape, issue.path)
    return issue.keys.map((key) => ({
      id: 'option.unknown',
      path: `${path}.${key}`,
      message: `there is no option “${key}”.`,
      hint: didYouMean(key, known),
    }))
  }
  if (issue.code === 'invalid_union') {
    const deepest = issue.errors.flat().find(({ path: inner }) => inner.length > 0)
    if (deepest)
      return problemsOf({ ...deepest, path: [...issue.path, ...deepest.path] } as z.core.$ZodIssue, root, shape)
  }
  return [{ id: 'option.type', path, message: `${issue.message.charAt(0).toLowerCase()}${issue.message.slice(1)}.` }]
}

/** The option names of the object schema at `path`, for "did you mean". */
function knownKeys(shape: z.ZodType, path: readonly PropertyKey[]): string[] {
  let at: z.ZodType | undefined = shape
  for (const key of path) at = step(unwrap(at), key)
  const end = unwrap(at)
  return end instanceof z.ZodObject ? Object.keys(end.shape) : []
}

function step(shape: z.ZodType | undefined, key: PropertyKey): z.ZodType | undefined {
  if (shape instanceof z.ZodObject) return shape.shape[String(key)] as z.ZodType | undefined
  if (shape instanceof z.ZodRecord) return shape.valueType as z.ZodType
  if (shape instanceof z.ZodArray) return shape.element as z.ZodType
  return undefined
}

function unwrap(shape: z.ZodType | undefined): z.ZodType | undefined {
  if (shape instanceof z.ZodOptional) return unwrap(shape.unwrap() as z.ZodType)
  if (shape instanceof z.ZodUnion)
    return unwrap((shape.options as z.ZodType[]).find((option) => unwrap(option) instanceof z.ZodObject))
  return shape
}

function isOk(attempt: () => unknown): boolean {
  try {
    attempt()
    return true
  } catch {
    return false
  }
}
