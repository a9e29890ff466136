import { jsonOf, recordIdOf } from './column-text'
import { literal, quote } from './literal'
import type { ColumnFacts, TableFacts } from './table-facts'
import type { Reaction } from './tracked-table'

/** How a table's changes reach its trigger: all rows of a statement at once, or row by row. */
export type Granularity = 'statement' | 'row'

/** What the two kinds of trigger functions are written from. */
export interface FunctionPlan {
  facts: TableFacts
  granularity: Granularity
  /** Columns whose values enter the log. */
  logged: ColumnFacts[]
  /** Columns of which only the change is told. */
  secret: ColumnFacts[]
  key: ColumnFacts[]
  cap: number
  reactions: readonly Reaction[]
}

/**
 * Declarations every log function starts with: who says why, NULL where nobody claims it, and when (SETTLE).
 * v_undoes: the ids each record's change undoes, by record id; an undo says so for all records of a statement at once.
 * v_undone: those of the one record that is logged.
 */
export const DECLARATIONS = `  v_at timestamptz;
  v_actor text;
  v_source text;
  v_request text;
  v_reason text;
  v_undoes jsonb;
  v_undone bigint[];
  v_pinned text[];`

const SETTINGS = ['actor', 'source', 'request_id', 'reason', 'undoes']

/**
 * What the transaction claims about itself, cut to what an index entry can hold. Most writers beside Kontor claim nothing,
 * and each expression is set up anew in each transaction: one looks whether anything is set.
 */
export const claims = (relation: string) => {
  const set = (name: string) => `current_setting('kontor.${name}', true)`
  return `  IF coalesce(${SETTINGS.map(set).join(', ')}) IS NOT NULL THEN
    v_actor := left(nullif(${set('actor')}, ''), 200);
    v_source := left(nullif(${set('source')}, ''), 100);
    v_request := left(nullif(${set('request_id')}, ''), 200);
    v_reason := left(nullif(${set('reason')}, ''), 2000);
    IF ${set('undoes')} <> '' THEN v_undoes := kontor.undoes_in(${literal(relation)}); END IF;
  END IF;`
}

/** Columns and values of one log row; the same in every INSERT. */
export const LOG_COLUMNS =
  'at, relation, record_id, op, before, after, changed, actor, source, request_id, reason, undoes'

/** What the values of a log row are made of, as SQL. */
interface LogRow {
  id: string
  op: string
  before: string
  after: string
  changed: string
}

const logged = (
  relation: string,
  at: string,
  { id, op, before, after, changed }: LogRow,
  who: string,
  undone: string,
) =>
  `${at}, ${literal(relation)}, ${id}, ${op}, ${before}, ${after}, ${changed}, ${who}, v_request, v_reason, ${undone}`

/**
 * The values for LOG_COLUMNS of the rows of a statement, after SETTLE: they have one time. `id`, `db_user` and `tx` come
 * from their defaults.
 */
export const logValues = (relation: string, row: LogRow) =>
  logged(
    relation,
    'v_at',
    row,
    'v_actor, v_source',
    `CASE WHEN v_undoes IS NOT NULL THEN kontor.undone_ids(v_undoes, ${row.id}) END`,
  )

/** An INSERT of one row, whose parts need no settling; `row.id` is evaluated twice where it undoes something. */
export const insertOne = (relation: string, row: LogRow) => {
  const who = "coalesce(v_actor, session_user), coalesce(v_source, 'sql')"
  return `IF v_undoes IS NOT NULL THEN v_undone := kontor.undone_ids(v_undoes, ${row.id}); END IF;
    INSERT INTO kontor.changes (${LOG_COLUMNS})
    VALUES (${logged(relation, 'clock_timestamp()', row, who, 'v_undone')});`
}

/** Before rows of a whole statement are written: when, and who it was where nobody claims it. */
export const SETTLE = `v_at := clock_timestamp();
    v_actor := coalesce(v_actor, session_user);
    v_source := coalesce(v_source, 'sql');`

/**
 * Wakes the feed once for all transactions under way; `kontor.mute` leaves it to the poll (bulk loads, PREPARE TRANSACTION).
 * One expression, because a statement of its own would start the executor; pg_notify returns no NULL.
 */
export const DOORBELL = `IF current_setting('kontor.mute', true) IS DISTINCT FROM 'on' AND pg_try_advisory_xact_lock(1802465908, 20)
    AND pg_notify('kontor_changes', '') IS NULL THEN NULL; END IF;`

/** Before the log rows are written: remembers where they begin, for the reactions. */
export const markReactions = ({ reactions }: FunctionPlan) =>
  reactions.length > 0 ? `v_mark := nextval('kontor.changes_id_seq');` : ''

/** After they are: one INSERT for each reaction, over the rows just logged. The mark of a TRUNCATE stands for its deletes. */
export function runReactions({ reactions, facts }: FunctionPlan): string {
  return reactions
    .map((reaction) => {
      const ops = reaction.on.includes('delete') ? [...reaction.on, 'truncate'] : reaction.on
      const changed = reaction.columns
        ? ` AND (c.op <> 'update' OR c.changed && ARRAY[${reaction.columns.map(literal).join(', ')}]::text[])`
        : ''
      const always = `jsonb_build_object('relation', c.relation,
    'record_id', c.record_id, 'op', c.op, 'change', c.id, 'changed', c.changed)`
      const told = reaction.under === undefined ? always : `jsonb_build_object(${literal(reaction.under)}, ${always})`
      return `  INSERT INTO kontor.effects (kind, payload)
  SELECT ${literal(reaction.kind)}, ${literal(JSON.stringify(reaction.payload ?? {}))}::jsonb || ${told}
  FROM kontor.changes AS c
  WHERE c.tx = pg_current_xact_id() AND c.id > v_mark AND c.relation = ${literal(facts.relation)}
    AND c.op IN (${ops.map(literal).join(', ')})${changed} ORDER BY c.id;`
    })
    .join('\n')
}

/** `jsonb_build_object` takes a hundred arguments: wide rows are built in pieces. */
export function jsonObject(pairs: readonly (readonly [name: string, value: string])[]): string {
  const pieces: string[] = []
  for (let at = 0; at < pairs.length; at += 50) {
    const slice = pairs.slice(at, at + 50)
    pieces.push(`jsonb_build_object(${slice.map(([name, value]) => `${literal(name)}, ${value}`).join(', ')})`)
  }
  return pieces.length > 0 ? pieces.join(' || ') : `'{}'::jsonb`
}

/** The record's id over `alias`, or NULL where the table has no key. */
export const recordId = ({ key }: FunctionPlan, alias: string) =>
  key.length > 0 ? recordIdOf(key, alias) : 'NULL::text'

/** The whole row over `alias` as the log holds it: every column but the secret ones. */
export const wholeRow = ({ logged, cap }: FunctionPlan, alias: string) =>
  jsonObject(logged.map((column) => [column.name, jsonOf(column, `${alias}.${quote(column.name)}`, cap)]))

const texts = (names: readonly ColumnFacts[]) => `ARRAY[${names.map(({ name }) => literal(name)).join(', ')}]::text[]`

/** The arguments of kontor.present_row for rows called `alias`. */
export const presentRow = ({ logged, secret, cap }: FunctionPlan, alias: string) =>
  `kontor.present_row(TG_RELID, '${alias}', ${texts(logged)}, ${texts(secret)}, ${cap})`

/** A call that gives SQL for the record's id in `json`, a row as the table's columns are today. */
export const presentKey = ({ facts, key }: FunctionPlan, json: string) =>
  // A partition numbers its columns in its own way: the root is asked.
  `kontor.present_key(${facts.isPartitioned ? `${facts.oid}::oid` : 'TG_RELID'}, ${literal(json)}, '{${key.map(({ number }) => number).join(',')}}'::int2[])`

/** Above this many rows TRUNCATE leaves only a mark. */
export const TRUNCATE_LIMIT = 100_000

/** For format(): the record's id, the row as it is, schema and table. */
const DELETES_OF_ALL = `INSERT INTO kontor.changes (at, relation, record_id, op, before, actor, source, request_id, reason, undoes)
        SELECT $1, $2, %1$s, 'delete', o.row, $3, $4, $5, $6, kontor.undone_ids($7, %1$s)
        FROM (SELECT %2$s AS row FROM ONLY %3$I.%4$I AS o) AS o`

/** TRUNCATE: the rows about to go become deletes, as the columns are today; too many, or not ours to read, only a mark. */
export const truncateBranch = (plan: FunctionPlan) => `  IF TG_OP = 'TRUNCATE' THEN
    -- Policies hide rows, and a transaction that reads as of its beginning does not see what was committed since.
    IF has_table_privilege(TG_RELID, 'SELECT') AND NOT row_security_active(TG_RELID)
      AND current_setting('transaction_isolation') IN ('read committed', 'read uncommitted') THEN
      EXECUTE format('SELECT count(*) FROM (SELECT FROM ONLY %I.%I LIMIT ${TRUNCATE_LIMIT + 1}) AS few', TG_TABLE_SCHEMA, TG_TABLE_NAME)
        INTO v_rows;
    END IF;
    ${markReactions(plan)}
    ${SETTLE}
    IF v_rows <= ${TRUNCATE_LIMIT} THEN
      v_pinned := kontor.pin_output();
      EXECUTE format(${literal(DELETES_OF_ALL)}, ${presentKey(plan, 'o.row')}, ${presentRow(plan, 'o')}, TG_TABLE_SCHEMA, TG_TABLE_NAME)
        USING v_at, ${literal(plan.facts.relation)}, v_actor, v_source, v_request, v_reason, v_undoes;
      PERFORM kontor.unpin_output(v_pinned);
    ELSE
      INSERT INTO kontor.changes (${LOG_COLUMNS})
      VALUES (${logValues(plan.facts.relation, { id: 'NULL', op: "'truncate'", before: 'NULL', after: 'NULL', changed: 'NULL' })});
    END IF;
${runReactions(plan)}
    ${DOORBELL}
    RETURN NULL;
  END IF;`
