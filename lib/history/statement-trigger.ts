import { bytesOf, differs, jsonArgument, jsonOf } from './column-text'
import { literal, quote } from './literal'
import type { ColumnFacts } from './table-facts'
import {
  claims,
  DECLARATIONS,
  DOORBELL,
  type FunctionPlan,
  insertOne,
  jsonObject,
  LOG_COLUMNS,
  logValues,
  markReactions,
  presentKey,
  presentRow,
  recordId,
  runReactions,
  SETTLE,
  truncateBranch,
  wholeRow,
} from './trigger-parts'

/**
 * The body for tables with a key and without partitions: one call for all rows of a statement, which come as the
 * transition tables old_rows and new_rows. A statement that changed one row, the common case, is logged from variables:
 * each transaction sets up every expression it evaluates anew, so only those of columns that changed may cost it
 * anything, and planning and starting the set-wise INSERT would cost more than all the rest.
 */
export function statementBody(plan: FunctionPlan): string {
  return `
DECLARE
${DECLARATIONS}
  v_rows bigint;
  v_mark bigint;
  v_old record;
  v_new record;
  v_id text;
  v_before jsonb;
  v_after jsonb;
  v_changed text[];
  v_differs boolean;
  -- NULL for one row; else why the rows are logged set-wise.
  v_way text;
BEGIN
${claims(plan.facts.relation)}
${truncateBranch(plan)}
  -- Reads and compares one row. In a block of its own, so that a column dropped, renamed or retyped since this function
  -- was written is noticed here, before anything is logged.
  BEGIN
    IF TG_OP = 'UPDATE' THEN
      SELECT * INTO STRICT v_old FROM ${rowsOf(plan, 'old_rows')};
      SELECT * INTO STRICT v_new FROM ${rowsOf(plan, 'new_rows')};
${plan.secret.length > 0 ? "      v_before := '{}';\n      v_after := '{}';" : ''}
${compareOne(plan)}
      v_id := ${recordId(plan, 'v_old')};
    ELSIF TG_OP = 'INSERT' THEN
      SELECT * INTO STRICT v_new FROM ${rowsOf(plan, 'new_rows')};
      v_id := ${recordId(plan, 'v_new')};
      v_after := ${wholeRow(plan, 'v_new')};
    ELSE
      SELECT * INTO STRICT v_old FROM ${rowsOf(plan, 'old_rows')};
      v_id := ${recordId(plan, 'v_old')};
      v_before := ${wholeRow(plan, 'v_old')};
    END IF;
  EXCEPTION
    WHEN no_data_found THEN RETURN NULL;
    WHEN too_many_rows THEN v_way := 'many';
    WHEN ${CHANGED} THEN v_way := 'drifted';
  END;
  IF v_way IS NULL THEN
    IF TG_OP = 'UPDATE' AND v_changed IS NULL THEN
      RETURN NULL;
    END IF;
    ${markReactions(plan)}
    ${insertOne(plan.facts.relation, { id: 'v_id', op: 'lower(TG_OP)', before: 'v_before', after: 'v_after', changed: 'v_changed' })}
  ELSE
    IF v_way = 'many' THEN
      BEGIN
${tryColumns(plan)}
      EXCEPTION WHEN ${CHANGED} THEN v_way := 'drifted';
      END;
    END IF;
    ${markReactions(plan)}
    ${SETTLE}
    IF v_way = 'drifted' THEN
      v_pinned := kontor.pin_output();
${driftedSet(plan)}
      GET DIAGNOSTICS v_rows = ROW_COUNT;
      PERFORM kontor.unpin_output(v_pinned);
    ELSE
      IF TG_OP = 'UPDATE' THEN
${updatedSet(plan)}
      ELSIF TG_OP = 'INSERT' THEN
        INSERT INTO kontor.changes (${LOG_COLUMNS})
        SELECT ${logValues(plan.facts.relation, { id: recordId(plan, 'n'), op: "'insert'", before: 'NULL', after: wholeRow(plan, 'n'), changed: 'NULL' })}
        FROM new_rows AS n;
      ELSE
        INSERT INTO kontor.changes (${LOG_COLUMNS})
        SELECT ${logValues(plan.facts.relation, { id: recordId(plan, 'o'), op: "'delete'", before: wholeRow(plan, 'o'), after: 'NULL', changed: 'NULL' })}
        FROM old_rows AS o;
      END IF;
      GET DIAGNOSTICS v_rows = ROW_COUNT;
    END IF;
    IF v_rows = 0 THEN
      RETURN NULL;
    END IF;
  END IF;
${runReactions(plan)}
  ${DOORBELL}
  RETURN NULL;
END `
}

/** What rowsOf raises, and using a column that was dropped, renamed, retyped or made a virtual one. */
const CHANGED = 'undefined_column OR undefined_function OR datatype_mismatch OR syntax_error OR internal_error'

/**
 * The rows of a transition table, which is an error where its columns are not those that the function was written for: a
 * UNION needs the same columns on both sides. Its second branch never runs; the planner leaves nothing of it.
 */
const rowsOf = ({ facts }: FunctionPlan, table: string) =>
  `${table} UNION ALL SELECT ${facts.columns.map(({ name }) => `r.${quote(name)}`).join(', ')} FROM ${table} AS r WHERE false`

const columnsOf = ({ logged, secret }: FunctionPlan) => [...logged, ...secret]
const at = (alias: string) => (column: ColumnFacts) => `${alias}.${quote(column.name)}`

/** Everything the set-wise INSERTs do with a column, done to the first row for nothing but its errors. */
const tryColumns = (plan: FunctionPlan) => `      IF TG_OP = 'DELETE' THEN
        SELECT * INTO v_old FROM old_rows LIMIT 1;
      ELSE
        SELECT * INTO v_old FROM new_rows LIMIT 1;
      END IF;
      v_id := ${recordId(plan, 'v_old')};
      v_after := ${wholeRow(plan, 'v_old')};
      v_differs := ${columnsOf(plan)
        .map((column) => `(${differs(column, at('v_old')(column), at('v_old')(column))})`)
        .join(' OR ')};`

/** Column by column into v_changed, v_before, v_after; a key that changed is left to the set-wise join to sort out. */
function compareOne(plan: FunctionPlan): string {
  return columnsOf(plan)
    .map((column) => {
      const name = literal(column.name)
      const [before, after] = [at('v_old')(column), at('v_new')(column)]
      const value = (side: string) => `jsonb_build_object(${name}, ${jsonArgument(column, side, plan.cap)})`
      const kept = plan.secret.includes(column)
        ? ''
        : ` v_before := coalesce(v_before, '{}') || ${value(before)}; v_after := coalesce(v_after, '{}') || ${value(after)};`
      const then = plan.key.includes(column) ? "v_way := 'many';" : `v_changed := v_changed || ${name}::text;${kept}`
      return `      IF ${differs(column, before, after)} THEN ${then} END IF;`
    })
    .join('\n')
}

/**
 * Old and new rows joined on the key. A FULL JOIN, because the key itself may have changed: what is left over on either
 * side is a delete and an insert. (It also cannot be planned as a nested loop, which a plan cached from a statement of
 * one row would otherwise be.) OFFSET 0 keeps the comparisons from being repeated in each expression above them.
 */
function updatedSet(plan: FunctionPlan): string {
  const columns = columnsOf(plan)
  const sides = columns.map(
    (column, i) =>
      `${at('o')(column)} AS b${i}, ${at('n')(column)} AS a${i}, ${differs(column, at('o')(column), at('n')(column))} AS c${i}`,
  )
  const first = plan.key[0]!
  const difference = (side: string) =>
    plan.logged
      .map((column, i) => {
        const pair = jsonObject([[column.name, jsonOf(column, `x.${side}${i}`, plan.cap)]])
        return `CASE WHEN x.c${i} THEN ${pair} ELSE '{}' END`
      })
      .join('\n          || ')
  const whole = (side: string) =>
    jsonObject(plan.logged.map((column, i) => [column.name, jsonOf(column, `x.${side}${i}`, plan.cap)]))
  const names = columns.map((column, i) => `CASE WHEN x.c${i} THEN ${literal(column.name)} END`)
  return `      INSERT INTO kontor.changes (${LOG_COLUMNS})
      SELECT ${logValues(plan.facts.relation, {
        id: 'x.id',
        op: 'x.op',
        before: `CASE x.op WHEN 'update' THEN ${difference('b')}
          WHEN 'delete' THEN ${whole('b')} END`,
        after: `CASE x.op WHEN 'update' THEN ${difference('a')}
          WHEN 'insert' THEN ${whole('a')} END`,
        changed: `CASE x.op WHEN 'update' THEN array_remove(ARRAY[${names.join(', ')}], NULL) END`,
      })}
      FROM (
        SELECT ${sides.join(',\n          ')},
          CASE WHEN ${at('o')(first)} IS NULL THEN ${recordId(plan, 'n')} ELSE ${recordId(plan, 'o')} END AS id,
          CASE WHEN ${at('o')(first)} IS NULL THEN 'insert' WHEN ${at('n')(first)} IS NULL THEN 'delete' ELSE 'update' END AS op
        FROM old_rows AS o FULL JOIN new_rows AS n ON ${plan.key.map(sameKey).join(' AND ')}
        OFFSET 0
      ) AS x WHERE ${columns.map((_, i) => `x.c${i}`).join(' OR ')};`
}

/** Types from outside pg_catalog may have their = outside the pinned search_path. */
function sameKey(column: ColumnFacts): string {
  const [old, now] = [at('o')(column), at('n')(column)]
  const isPlain = ((column.typeKind === 'b' && column.isBuiltIn) || column.typeKind === 'e') && column.isDeterministic
  return isPlain ? `${old} = ${now}` : `${bytesOf(column, old)} = ${bytesOf(column, now)}`
}

/** The table no longer fits this function: its rows are logged as its columns are today, all values as text. */
function driftedSet(plan: FunctionPlan): string {
  const none = `'(SELECT NULL::text AS id, NULL::jsonb AS row WHERE false)'`
  const rows = (alias: string, table: string) => {
    const source = literal(
      `(SELECT %s AS id, ${alias}.row FROM (SELECT %s AS row FROM ${table} AS ${alias}) AS ${alias})`,
    )
    return `format(${source}, ${presentKey(plan, `${alias}.row`)}, ${presentRow(plan, alias)})`
  }
  return `    EXECUTE format($sql$INSERT INTO kontor.changes (${LOG_COLUMNS})
      SELECT $1, $2, coalesce(o.id, n.id), CASE WHEN o.row IS NULL THEN 'insert' WHEN n.row IS NULL THEN 'delete' ELSE 'update' END,
        CASE WHEN n.row IS NULL OR o.row IS NULL THEN o.row ELSE kontor.json_difference(o.row, n.row) END,
        CASE WHEN n.row IS NULL OR o.row IS NULL THEN n.row ELSE kontor.json_difference(n.row, o.row) END,
        CASE WHEN o.row IS NOT NULL AND n.row IS NOT NULL THEN ARRAY(SELECT jsonb_object_keys(kontor.json_difference(n.row, o.row))) END,
        $3, $4, $5, $6, kontor.undone_ids($7, coalesce(o.id, n.id))
      FROM %s AS o FULL JOIN %s AS n ON o.id = n.id WHERE o.row IS DISTINCT FROM n.row$sql$,
      CASE WHEN TG_OP = 'INSERT' THEN ${none} ELSE ${rows('o', 'old_rows')} END,
      CASE WHEN TG_OP = 'DELETE' THEN ${none} ELSE ${rows('n', 'new_rows')} END)
      USING v_at, ${literal(plan.facts.relation)}, v_actor, v_source, v_request, v_reason, v_undoes;`
}
