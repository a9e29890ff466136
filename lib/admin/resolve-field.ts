import type { ColumnShape } from '@/lib/db/table-shape'
import { didYouMean, type Problem } from './checks'
import type { RequestContext } from './context'
import type { Choices, FieldAccess, FieldOptions } from './define'
import { elementKind, kindFor, kindProblem, kinds } from './fields'
import type { Choice } from './fields/field'
import type { Field, RecordValues, Reference } from './tree'
import { fieldLabel } from './words'

interface FieldInput {
  column: ColumnShape
  isKey: boolean
  isView: boolean
  reference: Reference | undefined
  options: FieldOptions<never> | undefined
  /** The resource or the site keeps it out of the change log. */
  isRedacted: boolean
  path: string
  problems: Problem[]
}

/** What tables call the moment of the last update, which programs or triggers of theirs keep. */
const TOUCHED = /^(last_?)?(updated|modified|changed)(_?at|_?on)?$/i

/** One field with every default filled in; a kind that does not exist goes to `problems`. */
export function resolveField(input: FieldInput): Field {
  const { column, isKey, isView, isRedacted, reference, options = {}, path, problems } = input
  if (options.kind !== undefined && !kinds.has(options.kind)) {
    problems.push({
      id: 'field.kind',
      path: `${path}.form.fields.${column.field}.kind`,
      message: `there is no field kind “${options.kind}”.`,
      hint: didYouMean(options.kind, kinds.keys()),
    })
  }
  const misfit = options.kind !== undefined && kinds.has(options.kind) && kindProblem(options.kind, column)
  if (misfit) {
    problems.push({
      id: 'field.kind.fit',
      path: `${path}.form.fields.${column.field}.kind`,
      message: misfit,
    })
  }
  const known = options.kind && kinds.has(options.kind) ? options.kind : undefined
  const kind = kindFor(column, known ?? (reference ? 'reference' : undefined))
  const isNeverWritten = isView || column.isGenerated || column.identity === 'always' || !kind.isEditable
  const isRequired = column.notNull && !column.hasDefault && !column.isGenerated && column.identity === undefined
  const isGivenKey = isKey && (column.hasDefault || column.identity !== undefined)
  return {
    name: column.field,
    label: options.label ?? fieldLabel(column.field, reference !== undefined),
    column,
    kind,
    element: elementKind(column),
    isKey,
    isRequired,
    isAskedFor: options.required ?? isRequired,
    help: options.help,
    hint: options.hint,
    placeholder: options.placeholder,
    rows: options.rows ?? 4,
    tones: options.tones ?? {},
    choices: resolveChoices(options.choices),
    default: resolveDefault(options.default, column, kind),
    create: isNeverWritten ? () => 'hidden' : resolveAccess(options.create, isGivenKey ? 'hidden' : 'editable'),
    update: isNeverWritten
      ? neverWritten(options.update)
      : resolveAccess(options.update, isGivenKey ? 'readonly' : 'editable'),
    read: (options.read as ((ctx: RequestContext) => boolean) | undefined) ?? (() => true),
    isTouched:
      column.column.onUpdateFn !== undefined || (TOUCHED.test(column.name) && /^timestamp/.test(column.sqlType)),
    isSecret: isRedacted || options.secret === true || kind.name === 'password',
    reference,
  }
}

/** What cannot be written may still be hidden, never made editable. */
function neverWritten(given: FieldOptions<never>['update']): Field['update'] {
  const resolved = resolveAccess(given, 'readonly')
  return (ctx, record) => (resolved(ctx, record) === 'hidden' ? 'hidden' : 'readonly')
}

function resolveAccess(given: FieldAccess | ((...args: never[]) => FieldAccess) | undefined, otherwise: FieldAccess) {
  return (ctx: RequestContext, record?: RecordValues): FieldAccess =>
    typeof given === 'function' ? (given as (...args: unknown[]) => FieldAccess)(ctx, record) : (given ?? otherwise)
}

/** Any of the ways to give choices, as a function of the request that answers `{ label, value }` objects. */
export function resolveChoices(given: Choices | ((...args: never[]) => unknown) | undefined): Field['choices'] {
  if (given === undefined) return undefined
  if (typeof given !== 'function') {
    const fixed = toChoices(given)
    return async () => fixed
  }
  return async (ctx, record) => toChoices((await (given as (...args: unknown[]) => unknown)(ctx, record)) as Choices)
}

function toChoices(choices: Choices): Choice[] {
  return choices.map((choice) =>
    'label' in choice ? { label: choice.label, value: choice.value } : { label: choice[0], value: choice[1] },
  )
}

function resolveDefault(given: unknown, column: ColumnShape, kind: Field['kind']): Field['default'] {
  if (given === undefined) return undefined
  return (ctx) => {
    const value = typeof given === 'function' ? (given as (ctx: RequestContext) => unknown)(ctx) : given
    return value === null || value === undefined ? null : kind.toText(value, column)
  }
}
