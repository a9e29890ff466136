import { groupBy } from '@/lib/db/group-by'
import { lastDeletions, type RecordName, type UndoBlocker, type UndoStep } from '@/lib/history'
import type { OperationContext } from '../context'
import { maySeeAllOf, titleThen } from '../history/load-history'
import type { OtherRecords, UndoObstacle } from '../history/undo-view'
import { labelsFor } from '../list'
import { recordHref } from '../menu'
import type { Resource } from '../tree'
import { withNoun } from '../words'

/** What is in the way, before anybody asked what the other records it is about are called. */
export interface Obstacle extends Omit<UndoObstacle, 'others'> {
  inTheWay?: { kind: keyof typeof SENTENCES; records: RecordName[]; hasMore: boolean }
}

const SENTENCES = {
  parent_gone: 'It refers to {}, which is no longer there.',
  children: 'By now {} refers to it.',
  unique_taken: 'Taken by {} by now, and only one may have it.',
  exists: 'Its key is that of {} by now.',
} as const

/** Which other records a blocker is about. */
export function inTheWayOf({ relation, recordId }: UndoStep, blocker: UndoBlocker): Pick<Obstacle, 'inTheWay'> {
  const { kind, hasMore = false } = blocker
  const records = kind === 'exists' ? [{ relation, recordId }] : (blocker.records ?? [])
  return records.length > 0 && kind in SENTENCES
    ? { inTheWay: { kind: kind as keyof typeof SENTENCES, records, hasMore } }
    : {}
}

/** Names the other records of each obstacle, as far as the person may see them; a query or two a resource. */
export async function nameOthers(ctx: OperationContext, obstacles: readonly Obstacle[]): Promise<UndoObstacle[]> {
  const wanted = (isGone: boolean) =>
    obstacles.flatMap(({ inTheWay }) =>
      inTheWay && (inTheWay.kind === 'parent_gone') === isGone ? inTheWay.records : [],
    )
  const names = new Map([...(await namesNow(ctx, wanted(false))), ...(await namesThen(ctx, wanted(true)))])
  return obstacles.map(({ inTheWay, ...obstacle }) => {
    if (!inTheWay) return obstacle
    const records = inTheWay.records.flatMap((record) => names.get(keyOf(record)) ?? [])
    if (records.length === 0) return obstacle
    const hasMore = inTheWay.hasMore || records.length < inTheWay.records.length
    return { ...obstacle, others: { sentence: sentenceOf(inTheWay.kind, records.length, hasMore), records, hasMore } }
  })
}

/** The reason with the names in it, where there can be no links. */
export function reasonInFull({ reason, others }: UndoObstacle): string {
  if (!others) return reason
  const names = others.records.map(({ title }) => title)
  return others.sentence.replace('{}', () => LIST.format(others.hasMore ? [...names, 'others'] : names))
}

const LIST = new Intl.ListFormat('en')

function sentenceOf(kind: keyof typeof SENTENCES, count: number, hasMore: boolean): string {
  if (kind === 'children' && (count > 1 || hasMore)) return 'By now {} refer to it.'
  return SENTENCES[kind]
}

type Names = [key: string, OtherRecords['records'][number]][]

const keyOf = ({ relation, recordId }: RecordName) => `${relation} ${recordId}`

async function namesNow(ctx: OperationContext, records: readonly RecordName[]): Promise<Names> {
  const groups = groupBy(records, ({ relation }) => relation)
  const names: Names = []
  for (const [relation, own] of groups) {
    const resource = ctx.admin.byRelation.get(relation)
    if (!resource) continue
    const ids = own.map(({ recordId }) => recordId)
    for (const [recordId, title] of await labelsFor(ctx, resource, ids))
      names.push([
        keyOf({ relation, recordId }),
        { title: withNoun(resource, title), href: recordHref(resource, recordId) },
      ])
  }
  return names
}

/** What is gone is called as it was when it went, for those who may see every record of its resource; its page offers it back. */
async function namesThen(ctx: OperationContext, records: readonly RecordName[]): Promise<Names> {
  const seen = new Map<string, Resource>()
  for (const relation of new Set(records.map((record) => record.relation))) {
    const resource = ctx.admin.byRelation.get(relation)
    if (resource?.history && (await maySeeAllOf(ctx, resource))) seen.set(relation, resource)
  }
  const asked = new Map(records.filter(({ relation }) => seen.has(relation)).map((one) => [keyOf(one), one]))
  if (asked.size === 0) return []
  const deletions = await lastDeletions(ctx.tx, [...asked.values()])
  return deletions.flatMap((change): Names => {
    const resource = seen.get(change.relation)
    const { recordId } = change
    if (!resource || recordId === null) return []
    const title = withNoun(resource, titleThen(ctx, resource, change) ?? `${resource.singular} ${recordId}`)
    return [
      [keyOf({ relation: change.relation, recordId }), { title, href: `${recordHref(resource, recordId)}/history` }],
    ]
  })
}
