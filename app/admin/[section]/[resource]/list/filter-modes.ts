import type { Operator } from '@/lib/admin/fields/field'
import type { FilterControlView } from '@/lib/admin/view'
import { type Condition, listOperand } from './filter-address'

/** One way to ask about a field: its words, and what is typed or chosen for it. */
export interface FilterMode {
  key: 'between' | 'oneOf' | 'noneOf' | 'isEmpty' | 'isFilled' | Operator
  label: string
  input: 'value' | 'range' | 'choices' | 'nothing'
}

type Control = FilterControlView['control']

const WORDS: Record<Operator, string> = {
  eq: 'is',
  not: 'is not',
  gte: 'is at least',
  lte: 'is at most',
  contains: 'contains',
  starts: 'starts with',
  in: 'is one of',
  empty: 'is empty',
}

const OTHER_WORDS: Partial<Record<Control, Partial<Record<Operator, string>>>> = {
  text: { eq: 'is exactly' },
  date: { eq: 'is on', not: 'is not on', gte: 'is on or after', lte: 'is on or before' },
  datetime: { eq: 'is at', not: 'is not at', gte: 'is on or after', lte: 'is on or before' },
  array: { contains: 'has' },
}

/** The ways a field's filter can ask, the most useful one first. */
export function modesOf({ control, operators }: FilterControlView): FilterMode[] {
  const can = (operator: Operator) => operators.includes(operator)
  const modes: FilterMode[] = []
  if (can('gte') && can('lte')) modes.push({ key: 'between', label: 'is between', input: 'range' })
  if (control === 'choice') {
    if (can('in') || can('eq')) modes.push({ key: 'oneOf', label: 'is one of', input: 'choices' })
    if (can('not')) modes.push({ key: 'noneOf', label: 'is none of', input: 'choices' })
  } else {
    const single: Operator[] =
      control === 'text' ? ['contains', 'starts', 'eq', 'not'] : ['eq', 'contains', 'not', 'gte', 'lte']
    for (const operator of single.filter(can))
      modes.push({ key: operator, label: wordsOf(control, operator), input: 'value' })
  }
  if (can('empty')) {
    modes.push({ key: 'isEmpty', label: 'is empty', input: 'nothing' })
    modes.push({ key: 'isFilled', label: 'has a value', input: 'nothing' })
  }
  return modes
}

const wordsOf = (control: Control, operator: Operator) => OTHER_WORDS[control]?.[operator] ?? WORDS[operator]

/** What was typed or chosen: one value, a range (either end may be left open), or several. */
export interface FilterDraft {
  value: string
  from: string
  to: string
  chosen: readonly string[]
}

/** The conditions a draft stands for; none where nothing is filled in. */
export function conditionsOf(field: string, mode: FilterMode, draft: FilterDraft): Condition[] {
  const condition = (operator: Operator, operand: string): Condition => ({ field, operator, operand })
  const value = draft.value.trim()
  switch (mode.key) {
    case 'between':
      return [
        ...(draft.from.trim() ? [condition('gte', draft.from.trim())] : []),
        ...(draft.to.trim() ? [condition('lte', draft.to.trim())] : []),
      ]
    case 'oneOf': {
      const [only, ...more] = draft.chosen
      if (only === undefined) return []
      return [more.length > 0 ? condition('in', listOperand(draft.chosen)) : condition('eq', only)]
    }
    case 'noneOf':
      return draft.chosen.map((one) => condition('not', one))
    case 'isEmpty':
      return [condition('empty', 'true')]
    case 'isFilled':
      return [condition('empty', 'false')]
    default:
      return value ? [condition(mode.key, value)] : []
  }
}
