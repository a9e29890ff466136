import { EventEmitter, once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { coalesce } from '@/lib/effects/work/coalesce'
import { createGate } from '@/lib/effects/work/gate'
import { measurePace } from '@/lib/effects/work/pace'
import { createSlots } from '@/lib/effects/work/slots'

/** Work that notes when it begins and ends. */
function noting(log: string[]) {
  return (name: string, ms: number) => async () => {
    log.push(`+${name}`)
    await sleep(ms)
    log.push(`-${name}`)
    return name
  }
}

test('what runs alone waits for what runs, and holds back what comes', async () => {
  const log: string[] = []
  const work = noting(log)
  const gate = createGate(20_000)
  const all = [
    gate.shared(work('a', 60)),
    gate.shared(work('b', 30)),
    gate.alone(work('x', 30)),
    gate.alone(work('y', 30)),
  ]
  await sleep(10)
  all.push(gate.shared(work('c', 10)))
  expect(await Promise.all(all)).toEqual(['a', 'b', 'x', 'y', 'c'])
  expect(log).toEqual(['+a', '+b', '-b', '-a', '+x', '-x', '+y', '-y', '+c', '-c'])
})

test('neither is waited for for ever', async () => {
  const log: string[] = []
  const ends = new EventEmitter()
  const untilTold = (name: string) => async () => {
    log.push(`+${name}`)
    await once(ends, name)
    log.push(`-${name}`)
  }
  const gate = createGate(50)
  const long = gate.shared(untilTold('long'))
  const x = gate.alone(untilTold('x'))
  await expect.poll(() => log, { interval: 10 }).toEqual(['+long', '+x'])
  await gate.shared(async () => log.push('c'))
  ends.emit('x')
  await x
  ends.emit('long')
  await long
  expect(log).toEqual(['+long', '+x', 'c', '-x', '-long'])
})

test('what fails alone lets the others go on', async () => {
  const gate = createGate(1000)
  const failing = gate.alone(async () => {
    throw new Error('no')
  })
  await expect(failing).rejects.toThrow('no')
  expect(await gate.shared(async () => 1)).toBe(1)
  expect(await gate.alone(async () => 2)).toBe(2)
})

test('what arrives while a statement runs goes together into the next, each with its own answer', async () => {
  const batches: number[][] = []
  const double = coalesce<number, number>(async (items) => {
    batches.push(items)
    await sleep(20)
    if (items.includes(13)) throw new Error('unlucky')
    return items.map((n) => n * 2)
  }, 3)
  const first = double([1])
  await sleep(5)
  const answers = await Promise.all([first, double([2, 3]), double([4]), double([5])])
  expect(answers).toEqual([[2], [4, 6], [8], [10]])
  expect(batches).toEqual([[1], [2, 3, 4], [5]])
  await expect(double([13])).rejects.toThrow('unlucky')
  expect(await double([6])).toEqual([12])
})

test('slots let so many run and no more, in order', async () => {
  const log: string[] = []
  const work = noting(log)
  const slots = createSlots(2)
  await Promise.all(['a', 'b', 'c', 'd'].map((name) => slots.run(work(name, 20))))
  expect(log.slice(0, 2)).toEqual(['+a', '+b'])
  expect(log.indexOf('+c')).toBeGreaterThan(log.indexOf('-a'))
  expect(slots.busy()).toBe(0)
})

test('an offer carries one id until its kind has shown to be quick, and few again when it is slow', () => {
  const pace = measurePace()
  expect(pace.batchSize('k')).toBe(1)
  for (let n = 0; n < 5; n++) pace.note('k', 0.1)
  expect(pace.batchSize('k')).toBe(25)
  for (let n = 0; n < 50; n++) pace.note('k', 100)
  expect(pace.batchSize('k')).toBe(1)
  expect(pace.batchSize('other')).toBe(1)
})
