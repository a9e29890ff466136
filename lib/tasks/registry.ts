import { parseDuration } from '@/lib/db/duration'
import { payloadText } from '@/lib/db/json-text'
import { cronSchedule, everySchedule } from './schedule'
import type { Schedule, Task, TaskContext, TaskDefinition, TaskOptions, Tasks } from './task'

/** Something wrong with a declaration: where, what, and what to write instead. */
export interface TaskCheck {
  id: string
  path: string
  message: string
  hint: string
}

/** Tasks declared in one place of the config. */
export interface TaskSource {
  /** Where, as the checks name it: 'tasks', 'sections.shop.resources.carts.tasks'. */
  path: string
  tasks: readonly TaskDefinition[]
}

const OPTIONS = new Set<string>([
  'name',
  'every',
  'cron',
  'zone',
  'initialValue',
  'runAtStart',
  'timeout',
  'catchUp',
  'run',
] satisfies (keyof TaskOptions<unknown, TaskContext>)[])

/** Fills in every default, and returns every mistake at once: a start with any mistake must not go on. */
export function resolveTasks(sources: readonly TaskSource[]): { tasks: Tasks; checks: TaskCheck[] } {
  const tasks = new Map<string, Task>()
  const checks: TaskCheck[] = []
  const declaredAt = new Map<string, string>()
  for (const source of sources) {
    for (const [index, definition] of source.tasks.entries()) {
      const path = `${source.path}[${index}]`
      const options = definition?.options as TaskOptions<unknown, TaskContext> | undefined
      if (!options || typeof options !== 'object') {
        const message = 'This is not a task.'
        checks.push({
          id: 'tasks.task',
          path,
          message,
          hint: "task({ name: '…', every: '5m', initialValue: 0, run: … })",
        })
        continue
      }
      const resolved = resolveTask(options, path, checks)
      const earlier = declaredAt.get(options.name)
      if (earlier) {
        const message = `The name "${options.name}" has two tasks: here and at ${earlier}.`
        checks.push({ id: 'tasks.duplicate', path, message, hint: 'Give one of them another name.' })
      } else if (typeof options.name === 'string') {
        declaredAt.set(options.name, path)
        if (resolved) tasks.set(options.name, resolved)
      }
    }
  }
  return { tasks: checks.length > 0 ? new Map() : tasks, checks }
}

function resolveTask(options: TaskOptions<unknown, TaskContext>, path: string, checks: TaskCheck[]): Task | undefined {
  const { name, every, cron, zone, timeout = '10m', catchUp = 'once' } = options
  const before = checks.length
  const check = (isRight: boolean, at: string, message: string, hint: string) => {
    if (!isRight) checks.push({ id: `tasks.${at}`, path: `${path}.${at}`, message, hint })
  }
  const isNamed = typeof name === 'string' && name.trim() !== '' && Buffer.byteLength(name) <= 200
  check(isNamed, 'name', `name is ${JSON.stringify(name)}.`, "1 to 200 bytes, such as 'Cache product count'.")
  check(typeof options.run === 'function', 'run', 'run is not a function.', 'run: async (value, ctx) => ok(value)')
  const timeoutMs = parseDuration(timeout)
  check(Boolean(timeoutMs), 'timeout', `timeout is ${JSON.stringify(timeout)}.`, "A span such as '30s'.")
  check(['once', 'skip'].includes(catchUp), 'catchUp', `catchUp is ${JSON.stringify(catchUp)}.`, "'once' or 'skip'.")
  for (const option of Object.keys(options).filter((key) => !OPTIONS.has(key))) {
    check(false, option, `${option} is not an option of a task.`, `The options are ${[...OPTIONS].join(', ')}.`)
  }
  let initialValue = 'null'
  try {
    initialValue = payloadText(options.initialValue ?? null)
  } catch (error) {
    check(
      false,
      'initialValue',
      `initialValue cannot be kept: ${(error as Error).message}`,
      'Anything that JSON holds.',
    )
  }
  let schedule: Schedule | undefined
  if ((every === undefined) === (cron === undefined)) {
    check(false, 'every', 'A task has either every or cron.', "every: '5m', or cron: '0 3 * * *' with zone.")
  } else {
    const found = cron === undefined ? everySchedule(every as number | string) : cronSchedule(String(cron), zone)
    if ('after' in found) schedule = found
    else check(false, cron === undefined ? 'every' : 'cron', found.message, found.hint)
  }
  if (checks.length > before || !schedule || !timeoutMs) return undefined
  const { runAtStart = false } = options
  return { name, schedule, initialValue, runAtStart, timeoutMs, catchUp, run: (value, ctx) => options.run(value, ctx) }
}
