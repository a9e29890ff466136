import { describe, expect, test } from 'vitest'
import { resolveTasks } from '@/lib/tasks/registry'
import { cronSchedule, everySchedule } from '@/lib/tasks/schedule'
import { ok, type Schedule, task } from '@/lib/tasks/task'

const valid = (found: ReturnType<typeof cronSchedule>): Schedule => {
  if (!('after' in found)) throw new Error(found.message)
  return found
}
const moments = (schedule: Schedule, from: string, count: number) => {
  const found: string[] = []
  let at = new Date(from)
  for (let n = 0; n < count; n++) {
    at = schedule.after(at)
    found.push(at.toISOString().replace('.000Z', 'Z'))
  }
  return found
}

test.each([
  [15, 15_000, 'every 15s'],
  [0.5, 500, 'every 500ms'],
  ['5m', 300_000, 'every 5m'],
  ['1h30m', 5_400_000, 'every 1h 30m'],
  ['1d', 86_400_000, 'every 1d'],
])('every %j is %i ms', (every, everyMs, text) => {
  expect(valid(everySchedule(every))).toMatchObject({ everyMs, text })
})

test.each([[0], [-5], [Number.NaN], [Number.POSITIVE_INFINITY], [''], ['5'], ['soon'], ['-5m'], ['5 m x'], ['2000d']])(
  'every %j is refused with what would be right',
  (every) => {
    expect(everySchedule(every)).toMatchObject({ hint: expect.stringContaining('5m') })
  },
)

describe('cron across daylight-saving changes in Europe/Berlin', () => {
  const berlin = (pattern: string) => valid(cronSchedule(pattern, 'Europe/Berlin'))

  test('a time of day stays that time of day', () => {
    expect(moments(berlin('0 9 * * *'), '2030-03-29T12:00:00Z', 3)).toEqual([
      '2030-03-30T08:00:00Z',
      '2030-03-31T07:00:00Z',
      '2030-04-01T07:00:00Z',
    ])
  })

  test('a time that spring leaves out comes once that day, one that autumn repeats comes once', () => {
    const spring = moments(berlin('30 2 * * *'), '2030-03-30T12:00:00Z', 2)
    expect(spring[0]!.slice(0, 10)).toBe('2030-03-31')
    expect(spring[1]).toBe('2030-04-01T00:30:00Z')
    const autumn = moments(berlin('30 2 * * *'), '2030-10-26T12:00:00Z', 2)
    expect(autumn.map((at) => at.slice(0, 10))).toEqual(['2030-10-27', '2030-10-28'])
  })

  test('every hour is every hour through both', () => {
    const hours = moments(berlin('0 * * * *'), '2030-10-26T22:30:00Z', 6)
    expect(hours).toEqual(
      [23, 0, 1, 2, 3, 4].map((hour) => `2030-10-2${hour === 23 ? 6 : 7}T${String(hour).padStart(2, '0')}:00:00Z`),
    )
  })

  test('six fields begin with seconds', () => {
    expect(moments(berlin('*/20 * * * * *'), '2030-01-01T00:00:01Z', 2)).toEqual([
      '2030-01-01T00:00:20Z',
      '2030-01-01T00:00:40Z',
    ])
  })
})

test.each([
  ['61 * * * *', 'minute "61" at character 1'],
  ['0 24 * * *', 'hour "24" at character 3'],
  ['0  3 32 * *', 'day "32" at character 6'],
  ['0 3 * 13 *', 'month "13" at character 7'],
  ['0 3 * * 9', 'weekday "9" at character 9'],
  ['0 3 * foo *', 'month "foo" at character 7'],
  ['99 0 3 * * *', 'second "99" at character 1'],
  ['*/0 * * * *', 'minute "*/0" at character 1'],
  ['0 3 * *', '4 fields, at character 8'],
  ['', '0 fields, at character 1'],
  ['0 3 * * * * * *', '8 fields, at character 16'],
  ['0 3 30 2 *', 'never comes'],
])('cron %j is refused: %s', (pattern, message) => {
  expect(cronSchedule(pattern)).toMatchObject({ message: expect.stringContaining(message) })
})

test('a zone that is none is refused', () => {
  expect(cronSchedule('0 3 * * *', 'Mars/Olympus')).toMatchObject({ message: expect.stringContaining('Mars/Olympus') })
})

test('every mistake in all tasks is told at once, with its place', () => {
  const run = () => ok(0)
  const { tasks, checks } = resolveTasks([
    {
      path: 'tasks',
      tasks: [
        task({ name: 'a', every: '5m', initialValue: 0, run }),
        task({ name: 'a', every: '6m', initialValue: 0, run }),
        task({ name: '', every: -1, initialValue: 0, run }),
        task({ name: 'b', initialValue: 0, run }),
        task({ name: 'c', cron: '61 * * * *', every: 5, initialValue: 0, run }),
        task({ name: 'd', cron: '61 * * * *', initialValue: 5n, timeout: 'long', run: (value) => ok(value) }),
        task({ name: 'e', every: 5, initialValue: 0, run, ...{ evry: 6 } }),
        {} as never,
      ],
    },
  ])
  expect(tasks.size).toBe(0)
  expect(checks.map(({ id, path }) => `${id} ${path}`)).toEqual([
    'tasks.duplicate tasks[1]',
    'tasks.name tasks[2].name',
    'tasks.every tasks[2].every',
    'tasks.every tasks[3].every',
    'tasks.every tasks[4].every',
    'tasks.timeout tasks[5].timeout',
    'tasks.initialValue tasks[5].initialValue',
    'tasks.cron tasks[5].cron',
    'tasks.evry tasks[6].evry',
    'tasks.task tasks[7]',
  ])
  expect(checks.every(({ message, hint }) => message.length > 5 && hint.length > 5)).toBe(true)
})
