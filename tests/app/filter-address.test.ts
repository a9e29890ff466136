import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { listOperand, withConditions } from '@/app/admin/[section]/[resource]/list/filter-address'
import { conditionsOf, modesOf } from '@/app/admin/[section]/[resource]/list/filter-modes'
import type { FilterControlView } from '@/lib/admin/view'

const filter = (given: Partial<FilterControlView>): FilterControlView => ({
  field: 'price',
  label: 'Price',
  control: 'number',
  operators: ['eq', 'not', 'gte', 'lte', 'in', 'empty'],
  ...given,
})
const draft = { value: '', from: '', to: '', chosen: [] as string[] }
const keysOf = (given: Partial<FilterControlView>) => modesOf(filter(given)).map(({ key }) => key)
const mode = (key: string, given: Partial<FilterControlView> = {}) =>
  modesOf(filter(given)).find((one) => one.key === key)!

describe('the address of a filtered list', () => {
  it('keeps search, sort and other filters, and starts again at the first page', () => {
    const query = 'q=rye&sort=-price&f.status=not%3Adraft&page=7&size=50'
    const next = new URLSearchParams(withConditions(query, [{ field: 'price', operator: 'gte', operand: '3.50' }]))
    expect([...next]).toEqual([
      ['q', 'rye'],
      ['sort', '-price'],
      ['f.status', 'not:draft'],
      ['size', '50'],
      ['f.price', 'gte:3.50'],
    ])
  })

  it('leaves a cursor of the old list behind', () => {
    expect(withConditions('after=abc&count=exact', [])).toBe('')
  })

  it('does not repeat a condition that is there', () => {
    const condition = { field: 'status', operator: 'eq', operand: 'draft' } as const
    expect(withConditions(withConditions('', [condition]), [condition])).toBe('f.status=eq%3Adraft')
  })

  it('carries several values so that the server reads the same ones, whatever they contain', () => {
    // As the server splits: ',' separates, '\' takes the next character as it is.
    const split = (operand: string) =>
      (operand.match(/(?:\\.|[^\\,])+|\\$/gs) ?? []).map((part) => part.replace(/\\(.)/gs, '$1'))
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1 }), (values) => {
        expect(split(listOperand(values))).toEqual(values)
      }),
    )
  })
})

describe('the ways to ask', () => {
  it('put a range first for numbers and dates', () => {
    expect(keysOf({})[0]).toBe('between')
    expect(keysOf({ control: 'date' })[0]).toBe('between')
  })

  it('offer for choices one of and none of, and nothing to type', () => {
    expect(keysOf({ control: 'choice', operators: ['eq', 'not', 'in'] })).toEqual(['oneOf', 'noneOf'])
  })

  it('offer only what the server takes', () => {
    expect(keysOf({ control: 'array', operators: ['contains', 'empty'] })).toEqual(['contains', 'isEmpty', 'isFilled'])
    expect(keysOf({ control: 'text', operators: [] })).toEqual([])
  })

  it('leave either end of a range open', () => {
    expect(conditionsOf('price', mode('between'), { ...draft, from: ' 1 ' })).toEqual([
      { field: 'price', operator: 'gte', operand: '1' },
    ])
    expect(conditionsOf('price', mode('between'), { ...draft, from: '1', to: '40' })).toHaveLength(2)
    expect(conditionsOf('price', mode('between'), draft)).toEqual([])
  })

  it('ask for one choice by equality, for several by a list, and against several one by one', () => {
    const choice = { field: 'status', control: 'choice', operators: ['eq', 'not', 'in'] } as const
    const given = { ...choice, operators: [...choice.operators] }
    expect(conditionsOf('status', mode('oneOf', given), { ...draft, chosen: ['a'] })).toEqual([
      { field: 'status', operator: 'eq', operand: 'a' },
    ])
    expect(conditionsOf('status', mode('oneOf', given), { ...draft, chosen: ['a', 'b,c'] })).toEqual([
      { field: 'status', operator: 'in', operand: 'a,b\\,c' },
    ])
    expect(conditionsOf('status', mode('noneOf', given), { ...draft, chosen: ['a', 'b'] })).toEqual([
      { field: 'status', operator: 'not', operand: 'a' },
      { field: 'status', operator: 'not', operand: 'b' },
    ])
  })

  it('ask for what is empty without a value', () => {
    expect(conditionsOf('price', mode('isEmpty'), draft)).toEqual([
      { field: 'price', operator: 'empty', operand: 'true' },
    ])
    expect(conditionsOf('price', mode('isFilled'), draft)).toEqual([
      { field: 'price', operator: 'empty', operand: 'false' },
    ])
  })
})
