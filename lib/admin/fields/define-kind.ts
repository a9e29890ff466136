import type { FieldKind, FormatContext, KindField, Parsed } from './field'
import { columnValue, valueText } from './values'

export const ok = (text: string): Parsed => ({ ok: true, text })
export const refuse = (message: string): Parsed => ({ ok: false, message })

type Required = Pick<FieldKind, 'name' | 'format'>

/** What a kind has to say; the rest has defaults that suit a short text. */
export interface KindSpec extends Required, Partial<Omit<FieldKind, keyof Required>> {
  /** Most characters that can make sense: anything longer is refused before it is looked at. Default 4,000. */
  longest?: number
}

/**
 * Makes a kind of what it says. `parse` is guarded: what no Postgres text can hold (NUL, broken Unicode), what is
 * absurdly long and what is not among the field's choices is refused here for every kind.
 */
export function defineKind({ longest = 4000, ...spec }: KindSpec): FieldKind {
  const parse = spec.parse ?? ok
  const isEditable = spec.isEditable ?? true
  return {
    toValue: columnValue,
    toText: valueText,
    operators: ['eq', 'not', 'in', 'empty'],
    align: 'start',
    isSortable: true,
    isSearchable: false,
    width: 'half',
    filter: 'text',
    ...spec,
    isEditable,
    format(text, field, context) {
      return field.choices?.find(({ value }) => value === text)?.label ?? spec.format(text, field, context)
    },
    parse(input, field, context) {
      if (!isEditable) return refuse(`${field.label} cannot be changed here.`)
      const problem = unstorable(input) ?? tooLong(input, longest)
      if (problem) return refuse(problem)
      const parsed = parse(input, field, context)
      return parsed.ok && parsed.text !== null && spec.name !== 'array'
        ? checkChoice(input, parsed.text, field, (choice) => parse(choice, field, context))
        : parsed
    },
    parseOperand(operand, field, context, operator) {
      const problem = unstorable(operand) ?? tooLong(operand, 4000)
      if (problem) return refuse(problem)
      return (spec.parseOperand ?? parseWithoutLimits)(operand, field, context, operator)
    },
  }

  function parseWithoutLimits(operand: string, field: KindField, context: FormatContext): Parsed {
    return parse(operand, { ...field, choices: undefined }, context)
  }
}

function checkChoice(input: string, text: string, field: KindField, parse: (choice: string) => Parsed): Parsed {
  if (!field.choices) return ok(text)
  const isOffered = field.choices.some(({ value }) => {
    if (value === input || value === text) return true
    const parsed = parse(value)
    return parsed.ok && parsed.text === text
  })
  if (isOffered) return ok(text)
  const labels = field.choices.slice(0, 8).map(({ label }) => label)
  return refuse(`Choose one of: ${labels.join(', ')}${field.choices.length > 8 ? ' …' : ''}.`)
}

function unstorable(input: string): string | undefined {
  const at = input.indexOf('\0')
  if (at >= 0)
    return `Character ${[...input.slice(0, at)].length + 1} is a NUL, which Postgres cannot store. Remove it.`
  if (/\p{Surrogate}/u.test(input))
    return 'Part of the text is not valid Unicode (half of a character). Write it again.'
  return undefined
}

function tooLong(input: string, longest: number): string | undefined {
  return input.length > longest
    ? `This is ${input.length.toLocaleString('en')} characters long; at most ${longest.toLocaleString('en')} can be right here.`
    : undefined
}
