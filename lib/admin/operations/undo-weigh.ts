import { OWNER_ROLE } from '@/lib/auth'
import { groupBy } from '@/lib/db/group-by'
import { forbidden } from '@/lib/errors'
import { arisenSince, type UndoBlocker, type UndoStep } from '@/lib/history'
import type { StoredRow, Texts } from '@/lib/storage'
import type { OperationContext } from '../context'
import type { UndoObstacle, UndoRequest } from '../history/undo-view'
import { assertAllowed, assertRecordAllowed, refusal, rowCondition } from '../policy'
import { titleOf, toRecord } from '../record'
import type { Field, RecordValues, Resource } from '../tree'
import { absence } from './absence'
import { FieldsOf } from './undo-fields'
import { inTheWayOf, type Obstacle } from './undo-others'
import { loadRows, subjectFor, type UndoSubject } from './undo-subject'
import { unseenLinks } from './undo-unseen'

/** A step of the plan as this person may take it. */
export interface WeighedStep {
  step: UndoStep
  subject: UndoSubject
  /** What to write, by field. */
  texts: Texts
  /** The record as it is; undefined for one that comes back, and for links. */
  row?: StoredRow
  obstacles: Obstacle[]
  /** Values left out, as the person said, because other records are in their way: who undoes much wants to know which. */
  leftOut: Obstacle[]
}

/**
 * What the person may do of a plan, and what is in the way of it. Steps that have nothing left to do are left out.
 * @param options.lock holds the records until the transaction ends. Default true
 * @throws AdminError `forbidden` where they may not do one of its steps themselves, `invalid` for a value given
 */
export async function weighSteps(
  ctx: OperationContext,
  steps: readonly UndoStep[],
  request: UndoRequest,
  { lock = true }: { lock?: boolean } = {},
): Promise<WeighedStep[]> {
  const open = steps.filter(({ blockers }) => !blockers.some(({ kind }) => kind === 'already'))
  const groups = groupBy(open, ({ kind, relation }) => `${kind} ${relation}`)
  const weighed: WeighedStep[] = []
  for (const group of groups.values()) weighed.push(...(await weighGroup(ctx, group, request, lock)))
  return weighed
}

/** Steps of one kind and table. */
async function weighGroup(
  ctx: OperationContext,
  steps: UndoStep[],
  request: UndoRequest,
  lock: boolean,
): Promise<WeighedStep[]> {
  const [{ relation, kind }] = steps as [UndoStep]
  const subject = await subjectFor(ctx, relation)
  const rows = await permitted(ctx, subject, steps, lock)
  const fields = new FieldsOf(ctx, subject)
  const arisen = await arisenMeanwhile(ctx, steps, request)
  const unseen = subject.link && (await unseenLinks(ctx, subject.link, steps))
  const weighed: WeighedStep[] = []
  for (const step of steps) {
    const row = rows.get(step.recordId)
    const title = row && !subject.link ? titleOf(subject.resource, row.texts, row.id) : titleThen(subject, step)
    const own: WeighedStep = { step, subject, texts: fields.texts(step), row, obstacles: [], leftOut: [] }
    const record = row && kind === 'set' && !subject.link ? toRecord(subject.resource, row.texts) : undefined
    if (record)
      for (const name of Object.keys(own.texts)) assertMayChange(ctx, subject.resource, fields.field(name), record)
    if (unseen?.has(step.recordId)) {
      own.obstacles.push({
        record: title,
        label: '',
        reason: 'It is a link to a record that you may not see.',
        choice: 'leaveOut',
      })
    }
    for (const blocker of step.blockers) overcome(own, blocker, title, fields, ctx, request)
    for (const { column, expected, now, changeIds } of step.conflicts) {
      const isOverruled = request.overrule && !changeIds.some((id) => arisen.has(id))
      if (isOverruled || fields.isManaged(column) || fields.ofColumn(column)?.isTouched) continue
      own.obstacles.push({
        record: title,
        label: fields.label(column),
        reason: 'Changed again since.',
        expected: await fields.shown(column, expected),
        now: await fields.shown(column, now),
        wanted: step.kind === 'remove' ? null : await fields.shown(column, step.values[column] ?? null),
        choice: 'overrule',
      })
    }
    for (const column of fields.unknown(step, request)) {
      own.obstacles.push({
        record: title,
        label: column,
        reason: 'The column is no field of this admin, so its value cannot be written here.',
        choice: 'overrule',
      })
    }
    if (kind === 'set' && Object.keys(own.texts).length === 0 && own.obstacles.length === 0) {
      if (request.leaveOut) own.obstacles.push(...own.leftOut)
      if (step.unknown.length > 0) {
        own.obstacles.push({
          record: title,
          label: step.unknown.map((column) => fields.label(column)).join(', '),
          reason: 'Its values are kept out of the log, so the earlier one is not known.',
          choice: 'leaveOut',
        })
      }
      if (own.obstacles.length === 0) continue
    }
    weighed.push(own)
  }
  return weighed
}

/** Changes in the way that came after the person had chosen to overrule; the undo's own are none. */
async function arisenMeanwhile(
  ctx: OperationContext,
  steps: readonly UndoStep[],
  { overrule, overruleUpTo }: UndoRequest,
): Promise<ReadonlySet<string>> {
  if (!overrule || overruleUpTo === undefined) return new Set()
  const ids = steps.flatMap(({ conflicts }) => conflicts.flatMap(({ changeIds }) => changeIds))
  return arisenSince(ctx.tx, ids, overruleUpTo, ctx.requestId)
}

/** The rows to change or remove, as far as the person may. */
async function permitted(
  ctx: OperationContext,
  { resource, link, storage }: UndoSubject,
  steps: readonly UndoStep[],
  lock: boolean,
): Promise<Map<string, StoredRow>> {
  const [{ kind }] = steps as [UndoStep]
  const isThere = ({ blockers }: UndoStep) => !blockers.some((blocker) => ABSENT.has(blocker.kind))
  const present = kind === 'restore' ? [] : steps.filter(isThere)
  const ids = present.map(({ recordId }) => recordId)
  // Whether the records a link belongs to may be changed is asked when it is written: they may have to come back first.
  if (link) {
    await assertAllowed(ctx, resource, 'update')
    return loadRows(ctx, storage, ids, { lock })
  }
  if (kind === 'restore') {
    await assertAllowed(ctx, resource, 'create')
    return new Map()
  }
  const operation = kind === 'set' ? 'update' : 'delete'
  const where = await rowCondition(ctx, resource, operation, 't')
  const rows = await loadRows(ctx, storage, ids, { where, lock })
  const missing = ids.find((id) => !rows.has(id))
  if (missing !== undefined)
    throw resource.storage.expiry ? await absence(ctx, resource, missing) : refusal(resource, operation)
  for (const row of rows.values()) await assertRecordAllowed(ctx, resource, operation, toRecord(resource, row.texts))
  return rows
}

const ABSENT: ReadonlySet<UndoBlocker['kind']> = new Set(['gone', 'no_key', 'no_table', 'rekeyed', 'erased', 'mark'])

/** A field that is closed to this person while owners may change it is a right, not a matter of the form. */
function assertMayChange(
  ctx: OperationContext,
  resource: Resource,
  field: Field | undefined,
  record: RecordValues,
): void {
  if (!field || field.update(ctx, record) === 'editable') return
  const asOwner = { ...ctx, actor: { ...ctx.actor, role: OWNER_ROLE }, user: { ...ctx.user, role: OWNER_ROLE } }
  if (field.update(asOwner, record) === 'editable')
    throw forbidden(`You may not change ${field.label} of this ${resource.singular.toLowerCase()}.`)
}

/** Takes a blocker out of the way as the request says, or adds it to what is in the way. */
function overcome(
  { step, texts, obstacles, leftOut }: WeighedStep,
  blocker: UndoBlocker,
  title: string,
  fields: FieldsOf,
  ctx: OperationContext,
  request: UndoRequest,
): void {
  const columns = (blocker.columns ?? []).filter((column) => !fields.isManaged(column))
  if (blocker.columns && columns.length === 0) return
  const labels = columns.map((column) => fields.label(column))
  const obstacle = {
    record: title,
    // What refers to a record does so by columns of its own.
    label: blocker.kind === 'children' ? '' : labels.join(', '),
    reason: REASONS[blocker.kind],
    ...inTheWayOf(step, blocker),
  }
  const add = (choice: UndoObstacle['choice'], further: Partial<Obstacle> = {}) =>
    obstacles.push({ ...obstacle, choice, ...further })
  if (blocker.kind === 'column_required') {
    for (const [at, column] of columns.entries()) {
      const field = fields.ofColumn(column)
      const key = `${step.relation} ${step.recordId} ${column}`
      const given = request.given?.[key]
      if (!field) add('leaveOut')
      else if (given === undefined) add('give', { label: labels[at], key })
      else texts[field.name] = fields.parse(ctx, field, given)
    }
    return
  }
  const needsNone = step.kind === 'set' || blocker.kind === 'column_gone'
  const skipped = new Set(columns.map((column) => fields.ofColumn(column)?.name))
  // Where nothing else is to be set back, passing it over is leaving the record as it is.
  const isAll = step.kind === 'set' && Object.keys(texts).every((name) => skipped.has(name))
  const canSkip = blocker.canSkip && !isAll && (needsNone || columns.every((column) => fields.mayBeEmpty(column)))
  if (!canSkip || !request.overrule) {
    add(canSkip ? 'overrule' : 'leaveOut')
    return
  }
  if (blocker.records) leftOut.push({ ...obstacle, choice: 'leaveOut' })
  for (const column of columns) {
    const field = fields.ofColumn(column)
    if (field) delete texts[field.name]
  }
}

const REASONS: Record<UndoBlocker['kind'], string> = {
  already: 'It is as it was before.',
  gone: 'The record has been deleted since.',
  exists: 'Another record has its key by now.',
  parent_gone: 'What it points at is no longer there.',
  children: 'Other records point at it by now.',
  unique_taken: 'Another record has this value by now, and only one may.',
  column_gone: 'The column no longer exists.',
  column_required: 'A value is needed, and the earlier one is not known or no longer fits.',
  unfit: 'The column can no longer hold the earlier value.',
  too_large: 'The value was too large for the log, so the earlier one is not known.',
  no_key: 'The table has no key: nothing says which row it was.',
  no_table: 'The table no longer exists.',
  rekeyed: 'The table has another key since: nothing says which row it was.',
  erased: 'Which record it was has been erased from the history.',
  mark: 'So many rows were removed at once that their values were not kept.',
}

function titleThen({ resource, link }: UndoSubject, { values, recordId }: UndoStep): string {
  const name = link ? undefined : resource.title.field?.column.name
  const title = name === undefined ? undefined : values[name]
  return title?.trim()
    ? title
    : `${link ? `${resource.singular}, ${link.label.toLowerCase()}` : resource.singular} ${recordId}`
}
