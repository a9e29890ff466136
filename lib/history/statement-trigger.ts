import { differs, jsonOf, textOf } from './column-text'
import { literal, quote } from './literal'
import type { ColumnFacts } from './table-facts'
import {
  DOORBELL,
  type FunctionPlan,
  jsonObject,
  LOG_COLUMNS,
  logValues,
  markReactions,
  presentRow,
  provenance,
  recordId,
  recordIdOfJson,
  runReactions,
  truncateBranch,
  wholeRow,
} from './trigger-parts'

/**
 * The body for tables with a key and without partitions: one call for all rows of a statement, which come as the
 * transition tables old_rows and new_rows. A statement that changed one row, the common case, is logged from variables:
 * planning and starting the set-wise INSERT would cost more than all the rest.
 */
export function statementBody(plan: FunctionPlan): string {
  return `
DECLARE
${provenance(plan.facts.relation)}
  v_rows bigint;
  v_mark bigint;
  r record;
  v_before jsonb := '{}';
  v_after jsonb := '{}';
  v_changed text[] := '{}';
  -- A column added since this function was written.
  v_drifted boolean := has_column_privilege(TG_RELID, ${plan.facts.width + 1}::int2, 'SELECT') IS NOT NULL;
BEGIN
${truncateBranch(plan)}
  IF NOT v_drifted THEN
    -- Reads and compares one row. In a block of its own, so that a column dropped, renamed or retyped since this function
    -- was written is noticed here, before anything is logged.
    BEGIN
      IF TG_OP = 'UPDATE' THEN
        SELECT ${firstPair(plan)}
        INTO r FROM old_rows AS o, new_rows AS n LIMIT 1;
        IF FOUND THEN
${compareOne(plan)}
        ELSE
          RETURN NULL;
        END IF;
      ELSIF TG_OP = 'INSERT' THEN
        SELECT ${recordId(plan, 'n')} AS id, ${wholeRow(plan, 'n')} AS whole, EXISTS (SELECT FROM new_rows OFFSET 1) AS many
        INTO r FROM new_rows AS n LIMIT 1;
        IF NOT FOUND THEN RETURN NULL; END IF;
      ELSE
        SELECT ${recordId(plan, 'o')} AS id, ${wholeRow(plan, 'o')} AS whole, EXISTS (SELECT FROM old_rows OFFSET 1) AS many
        INTO r FROM old_rows AS o LIMIT 1;
        IF NOT FOUND THEN RETURN NULL; END IF;
      END IF;
    EXCEPTION WHEN undefined_column OR undefined_function OR datatype_mismatch THEN
      v_drifted := true;
    END;
  END IF;
  ${markReactions(plan)}
  IF v_drifted THEN
    v_pinned := kontor.pin_output();
${driftedSet(plan)}
    GET DIAGNOSTICS v_rows = ROW_COUNT;
    PERFORM kontor.unpin_output(v_pinned);
  ELSIF TG_OP = 'UPDATE' THEN
    IF r.many THEN
${updatedSet(plan)}
    ELSIF v_changed = '{}' THEN
      RETURN NULL;
    ELSE
      ${insertOne(plan, { op: "'update'", before: 'v_before', after: 'v_after', changed: 'v_changed' })}
    END IF;
  ELSIF r.many AND TG_OP = 'INSERT' THEN
    INSERT INTO kontor.changes (${LOG_COLUMNS})
    SELECT ${logValues(plan.facts.relation, { id: recordId(plan, 'n'), op: "'insert'", before: 'NULL', after: wholeRow(plan, 'n'), changed: 'NULL' })}
    FROM new_rows AS n;
  ELSIF r.many THEN
    INSERT INTO kontor.changes (${LOG_COLUMNS})
    SELECT ${logValues(plan.facts.relation, { id: recordId(plan, 'o'), op: "'delete'", before: wholeRow(plan, 'o'), after: 'NULL', changed: 'NULL' })}
    FROM old_rows AS o;
  ELSIF TG_OP = 'INSERT' THEN
    ${insertOne(plan, { op: "'insert'", before: 'NULL', after: 'r.whole', changed: 'NULL' })}
  ELSE
    ${insertOne(plan, { op: "'delete'", before: 'r.whole', after: 'NULL', changed: 'NULL' })}
  END IF;
  IF NOT v_drifted THEN
    GET DIAGNOSTICS v_rows = ROW_COUNT;
  END IF;
  IF v_rows > 0 THEN
${runReactions(plan)}
  ${DOORBELL}
  END IF;
  RETURN NULL;
END `
}

const columnsOf = ({ logged, secret }: FunctionPlan) => [...logged, ...secret]
const at = (alias: string) => (column: ColumnFacts) => `${alias}.${quote(column.name)}`

const insertOne = (plan: FunctionPlan, row: { op: string; before: string; after: string; changed: string }) =>
  `INSERT INTO kontor.changes (${LOG_COLUMNS})
    VALUES (${logValues(plan.facts.relation, { id: 'r.id', ...row })});`

/** The first old and new row side by side: b1, a1, b2, a2 …; a key that changed counts as "many", for the join to sort out. */
function firstPair(plan: FunctionPlan): string {
  const sides = columnsOf(plan).map((column, i) => `${at('o')(column)} AS b${i}, ${at('n')(column)} AS a${i}`)
  const moved = plan.key.map((column) => `${textOf(column, at('o')(column))} <> ${textOf(column, at('n')(column))}`)
  return `${sides.join(', ')}, ${recordId(plan, 'o')} AS id,
          EXISTS (SELECT FROM new_rows OFFSET 1) OR ${moved.join(' OR ')} AS many`
}

function compareOne(plan: FunctionPlan): string {
  return columnsOf(plan)
    .map((column, i) => {
      const name = literal(column.name)
      const value = (side: string) => `jsonb_build_object(${name}, ${jsonOf(column, `r.${side}${i}`, plan.cap)})`
      const kept = plan.secret.includes(column)
        ? ''
        : ` v_before := v_before || ${value('b')}; v_after := v_after || ${value('a')};`
      return `      IF ${differs(column, `r.b${i}`, `r.a${i}`)} THEN v_changed := v_changed || ${name}::text;${kept} END IF;`
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
  const isPlain = (column.typeKind === 'b' && column.isBuiltIn) || column.typeKind === 'e'
  return isPlain ? `${old} = ${now}` : `${textOf(column, old)} = ${textOf(column, now)}`
}

/** The table no longer fits this function: its rows are logged as its columns are today, all values as text. */
function driftedSet(plan: FunctionPlan): string {
  const none = `'(SELECT NULL::text AS id, NULL::jsonb AS row WHERE false)'`
  const rows = (alias: string, table: string) =>
    `format('(SELECT ${recordIdOfJson(plan, `${alias}.row`).replaceAll("'", "''")} AS id, ${alias}.row FROM (SELECT %s AS row FROM ${table} AS ${alias}) AS ${alias})', ${presentRow(plan, alias)})`
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
