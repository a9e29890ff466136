import type { RequestContext } from '../context'
import type { Choice, FormatContext, Operator } from '../fields/field'
import { formatDate } from '../fields/format'
import { atQuery } from '../menu'
import { isAllowed } from '../policy'
import type { ListFilter, Resource } from '../tree'
import type { ChipView, FilterControlView } from '../view'
import { listHref } from './address'
import { type FilterState, formatOf } from './filters'
import { labelsFor } from './labels'
import type { ListState } from './state'

/** The filters a list offers to this person. */
export async function viewFilters(ctx: RequestContext, resource: Resource): Promise<FilterControlView[]> {
  const offered = resource.list.filters.filter(({ field }) => field.read(ctx))
  const views = await Promise.all(offered.map((filter) => viewFilter(ctx, resource, filter)))
  return views.filter((view) => view !== undefined)
}

async function viewFilter(
  ctx: RequestContext,
  resource: Resource,
  filter: ListFilter,
): Promise<FilterControlView | undefined> {
  const { field, label } = filter
  const choices = await choicesOf(ctx, filter)
  const control = choices ? 'choice' : field.kind.filter
  if (control === 'none') return undefined
  const view = { field: field.name, label, operators: [...field.kind.operators], choices: choices?.slice() }
  if (control !== 'reference') return { ...view, control }
  const target = field.reference && ctx.admin.resources.get(field.reference.resource)
  if (!target || !(await isAllowed(ctx, target, 'list'))) return undefined
  const query = resource.past ? `?${atQuery(resource)}` : ''
  return { ...view, control, optionsUrl: `/api/options/${resource.section}/${resource.slug}/${field.name}${query}` }
}

/** Declared choices, or what the type itself names. */
async function choicesOf(ctx: RequestContext, { field, choices }: ListFilter): Promise<readonly Choice[] | undefined> {
  if (choices) return choices(ctx)
  const values = field.kind.filter === 'choice' ? field.column.enumValues : undefined
  const format = formatOf(ctx)
  return values?.map((value) => ({ value, label: field.kind.format(value, { ...field, choices: undefined }, format) }))
}

/** The filters in force, each with the address of the list without it. */
export async function viewChips(ctx: RequestContext, state: ListState): Promise<ChipView[]> {
  return Promise.all(
    state.filters.map(async (active) => ({
      label: await wordChip(ctx, active),
      removeHref: listHref(state, { filters: state.filters.filter((other) => other !== active) }),
      field: active.filter.field.name,
      operator: active.operator,
      value: active.operand,
    })),
  )
}

async function wordChip(ctx: RequestContext, active: FilterState): Promise<string> {
  const { filter, operator, texts } = active
  if (operator === 'empty') return `${filter.label} is ${texts[0] === 'true' ? '' : 'not '}empty`
  const values = await wordValues(ctx, active)
  const shown = values.length > 3 ? [...values.slice(0, 3), `${values.length - 3} more`] : values
  const list = new Intl.ListFormat(ctx.locale, { type: operator === 'in' ? 'disjunction' : 'conjunction' }).format(
    shown,
  )
  return `${filter.label} ${VERBS[filter.field.kind.filter]?.[operator] ?? COMMON_VERBS[operator]} ${list}`
}

const COMMON_VERBS: Record<Operator, string> = {
  eq: 'is',
  not: 'is not',
  gte: 'is at least',
  lte: 'is at most',
  contains: 'contains',
  starts: 'starts with',
  in: 'is',
  empty: 'is empty',
}

const DATE_VERBS = { gte: 'is from', lte: 'is until' }

const VERBS: Partial<Record<string, Partial<Record<Operator, string>>>> = {
  array: { contains: 'has' },
  date: DATE_VERBS,
  datetime: DATE_VERBS,
}

async function wordValues(ctx: RequestContext, { filter, operator, operand, texts }: FilterState): Promise<string[]> {
  const { field } = filter
  const isQuoted = operator === 'contains' || operator === 'starts' || field.kind.filter === 'text'
  if (isQuoted) return texts.map((text) => `“${text}”`)
  const target = field.reference && ctx.admin.resources.get(field.reference.resource)
  const labels = target ? await labelsFor(ctx, target, texts, field.reference?.targetFields) : undefined
  const choices = await choicesOf(ctx, filter)
  const format: FormatContext = formatOf(ctx)
  // A day behind `until` was read as its last instant; it is shown as it was written.
  if (field.kind.filter === 'datetime' && /^\d{4}-\d\d-\d\d$/.test(operand)) return [formatDate(operand, ctx.locale)]
  return texts.map((text) => labels?.get(text) ?? field.kind.format(text, { ...field, choices }, format))
}
