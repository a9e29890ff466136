import { is } from 'drizzle-orm'
import { PgTable } from 'drizzle-orm/pg-core'
import { type ColumnShape, describeRelation, type TableShape } from '@/lib/db/table-shape'
import type { Handlers } from '@/lib/effects'
import { loggedOp, type ResolvedWatcher, type WatchOptions } from '@/lib/watch'
import { didYouMean, type Problem } from './checks'
import type { AdminOptions } from './define'

/** Whether and how the changes of a table ('schema.table') are recorded. */
export interface Recorded {
  isRecorded(relation: string): boolean
  /** Whether a column's values are kept out of the log. */
  isSecret(relation: string, field: string): boolean
}

/** Every watcher of the config, with its defaults; what is wrong with them goes to `problems`. */
export function resolveWatchers(
  options: AdminOptions,
  handlers: Handlers,
  recorded: Recorded,
  problems: Problem[],
): ResolvedWatcher[] {
  const sections = typeof options.sections === 'function' ? {} : (options.sections ?? {})
  const placed = [
    ...Object.entries(sections).flatMap(([section, { resources }]) =>
      Object.entries(resources).flatMap(([slug, { relation, options: own }]) =>
        (own?.watch ?? []).map((watch, at) => ({
          relation: relation as unknown,
          watch: watch as WatchOptions,
          path: `sections.${section}.${slug}.watch[${at}]`,
        })),
      ),
    ),
    ...(options.watch ?? []).map(({ table, options: watch }, at) => ({
      relation: table as unknown,
      watch: watch as WatchOptions,
      path: `admin.watch[${at}]`,
    })),
  ]
  const names = new Map<string, string>()
  return placed.flatMap(({ relation, watch, path }) => {
    const say = (id: string, at: string, message: string, hint?: string) =>
      problems.push({ id: `watch.${id}`, path: at === '' ? path : `${path}.${at}`, message, hint })
    if (!is(relation, PgTable)) {
      say('table', '', 'only tables can be watched: changes of a view happen in its tables.')
      return []
    }
    const shape = describeRelation(relation)
    if (!recorded.isRecorded(shape.relation)) {
      say('history', '', `the changes of ${shape.relation} are not recorded.`, 'Remove history: false where it stands.')
    }
    const name = watch.label ?? `${shape.relation} ${watch.on}`
    const twin = names.get(name)
    if (twin !== undefined) {
      const hint = watch.label === undefined ? 'Give one of them a label.' : 'Give one of them another.'
      say('duplicate', watch.label === undefined ? '' : 'label', `“${name}” is also what ${twin} is called.`, hint)
    }
    names.set(name, path)
    if (watch.on !== 'updated' && watch.triggerColumns !== undefined) {
      say('triggerColumns', 'triggerColumns', `nothing of a record ${watch.on} changes.`, "They are for on: 'updated'.")
    }
    const columns = (list: readonly string[] | undefined, at: string): ColumnShape[] =>
      (list ?? []).flatMap((field, place) => {
        const column = shape.columns.find((candidate) => candidate.field === field)
        if (!column) {
          const known = shape.columns.map(({ field }) => field)
          const hint = didYouMean(field, known)
          say('column', `${at}[${place}]`, `${shape.relation} has no column “${field}”.`, hint)
        }
        return column ?? []
      })
    const trigger = columns(watch.triggerColumns, 'triggerColumns')
    const extra = columns(watch.extraColumns, 'extraColumns')
    for (const { field } of extra) {
      if (recorded.isSecret(shape.relation, field)) {
        say('secret', 'extraColumns', `the values of “${field}” never reach the log, so nobody can be told them.`)
      }
    }
    checkReactions(watch, handlers, say)
    const webhook = typeof watch.webhook === 'string' ? { url: watch.webhook } : watch.webhook
    return [
      {
        name,
        label: watch.label,
        shape,
        on: watch.on,
        trigger,
        extra,
        when: watch.when as ResolvedWatcher['when'],
        effect: watch.effect === undefined ? undefined : { kind: watch.effect, payload: { ...watch.payload } },
        webhook,
        revalidate: typeof watch.revalidate === 'string' ? [watch.revalidate] : (watch.revalidate ?? []),
      },
    ]
  })
}

type Say = (id: string, at: string, message: string, hint?: string) => void

function checkReactions({ effect, payload, webhook, when }: WatchOptions, handlers: Handlers, say: Say): void {
  if (effect !== undefined && !handlers.has(effect)) {
    say('effect', 'effect', `there is no handler for effects of kind “${effect}”.`, didYouMean(effect, handlers.keys()))
  }
  if (payload !== undefined && effect === undefined) say('payload', 'payload', 'there is no effect it would go to.')
  const url = typeof webhook === 'string' ? webhook : webhook?.url
  if (url !== undefined && !/^https?:\/\//.test(url.toLowerCase())) {
    say(
      'webhook',
      'webhook',
      `“${url}” is no address a request can go to.`,
      'Give one such as https://example.org/hook.',
    )
  }
  if (when !== undefined && (effect !== undefined || webhook !== undefined)) {
    say(
      'when',
      'when',
      'a trigger cannot ask a function.',
      'Decide in the handler of the effect, or select by triggerColumns.',
    )
  }
}

/** The effects that a table's trigger requests. */
export function reactionsOf(watchers: readonly ResolvedWatcher[], { relation }: TableShape) {
  return watchers
    .filter(({ shape }) => shape.relation === relation)
    .flatMap(({ on, trigger, effect, webhook }) => {
      const what = {
        on: [loggedOp[on]],
        columns: trigger.length > 0 ? trigger.map(({ name }) => name) : undefined,
      }
      return [
        ...(effect ? [{ ...what, kind: effect.kind, payload: effect.payload }] : []),
        ...(webhook ? [{ ...what, kind: 'http.request', payload: { ...webhook }, under: 'body' }] : []),
      ]
    })
}
