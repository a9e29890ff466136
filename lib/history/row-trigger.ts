import { bytesOf, differs, jsonArgument } from './column-text'
import { literal, quote } from './literal'
import {
  claims,
  DECLARATIONS,
  DOORBELL,
  type FunctionPlan,
  insertOne,
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
 * The body for partitioned tables, tables without a key and very wide ones: one call for each row. On a partitioned table
 * Postgres clones the trigger to every partition, which names itself; the log names the root. Without a key the log holds
 * whole rows, since nothing else says which row it was. A row that got another key is logged as deleted and inserted, as
 * Postgres itself does when it moves one between partitions.
 */
export function rowBody(plan: FunctionPlan): string {
  const { facts, key } = plan
  // A partition numbers its columns in its own way: the root is asked.
  const table = facts.isPartitioned ? `${facts.oid}::oid` : 'TG_RELID'
  // A column added since has a number behind the last; of those added and dropped again nothing is told.
  const added = Array.from(
    { length: 8 },
    (_, at) => `has_column_privilege(${table}, ${facts.width + 1 + at}::int2, 'SELECT')`,
  )
  return `
DECLARE
${DECLARATIONS}
  v_rows bigint;
  v_mark bigint;
  v_id text;
  v_new_id text;
  v_before jsonb;
  v_after jsonb;
  v_changed text[];
  v_drifted boolean := coalesce(${added.join(', ')}) IS NOT NULL;
BEGIN
${claims(facts.relation)}
${truncateBranch(plan)}
  IF NOT v_drifted THEN
    BEGIN
      IF TG_OP = 'INSERT' THEN
        v_id := ${recordId(plan, 'NEW')};
        v_after := ${wholeRow(plan, 'NEW')};
      ELSIF TG_OP = 'DELETE' THEN
        v_id := ${recordId(plan, 'OLD')};
        v_before := ${wholeRow(plan, 'OLD')};
      ELSE
        v_id := ${recordId(plan, 'OLD')};
        v_new_id := ${recordId(plan, 'NEW')};
        v_changed := '{}';
${key.length > 0 ? compareKeyed(plan) : compareKeyless(plan)}
      END IF;
    EXCEPTION WHEN undefined_column OR undefined_function OR datatype_mismatch THEN
      v_drifted := true;
    END;
  END IF;
  IF v_drifted THEN
    v_pinned := kontor.pin_output();
    IF TG_OP <> 'INSERT' THEN
      EXECUTE ${present(plan)} INTO v_before USING OLD;
    END IF;
    IF TG_OP <> 'DELETE' THEN
      EXECUTE ${present(plan)} INTO v_after USING NEW;
    END IF;
    PERFORM kontor.unpin_output(v_pinned);
    EXECUTE 'SELECT ' || ${presentKey(plan, 'coalesce($1, $2)')} || ', ' || ${presentKey(plan, '$2')}
      INTO v_id, v_new_id USING v_before, v_after;
    IF TG_OP = 'UPDATE' THEN
      v_changed := ARRAY(SELECT jsonb_object_keys(kontor.json_difference(v_after, v_before)));
      ${key.length > 0 ? 'IF v_new_id = v_id THEN SELECT kontor.json_difference(v_before, v_after), kontor.json_difference(v_after, v_before) INTO v_before, v_after; END IF;' : ''}
    END IF;
  END IF;
  IF v_changed = '{}' THEN
    RETURN NULL;
  END IF;
  ${markReactions(plan)}
  IF TG_OP = 'UPDATE' AND v_new_id <> v_id THEN
    ${SETTLE}
    INSERT INTO kontor.changes (${LOG_COLUMNS})
    VALUES (${logValues(facts.relation, { id: 'v_id', op: "'delete'", before: 'v_before', after: 'NULL', changed: 'NULL' })}),
      (${logValues(facts.relation, { id: 'v_new_id', op: "'insert'", before: 'NULL', after: 'v_after', changed: 'NULL' })});
  ELSE
    ${insertOne(facts.relation, { id: 'v_id', op: 'lower(TG_OP)', before: 'v_before', after: 'v_after', changed: 'v_changed' })}
  END IF;
${runReactions(plan)}
  ${DOORBELL}
  RETURN NULL;
END `
}

/** Column by column into v_changed, v_before, v_after; whole rows where the key itself changed. */
function compareKeyed(plan: FunctionPlan): string {
  const moved = plan.key.map((column) => {
    const name = quote(column.name)
    return `${bytesOf(column, `OLD.${name}`)} <> ${bytesOf(column, `NEW.${name}`)}`
  })
  return `        IF ${moved.join(' OR ')} THEN
          v_changed := NULL;
          v_before := ${wholeRow(plan, 'OLD')};
          v_after := ${wholeRow(plan, 'NEW')};
        ELSE
          v_before := '{}';
          v_after := '{}';
${comparisons(plan, true)}
        END IF;`
}

const compareKeyless = (plan: FunctionPlan) => `${comparisons(plan, false)}
        v_before := ${wholeRow(plan, 'OLD')};
        v_after := ${wholeRow(plan, 'NEW')};`

function comparisons(plan: FunctionPlan, keepValues: boolean): string {
  return [...plan.logged, ...plan.secret]
    .map((column) => {
      const name = literal(column.name)
      const [before, after] = [`OLD.${quote(column.name)}`, `NEW.${quote(column.name)}`]
      const value = (side: string) => `jsonb_build_object(${name}, ${jsonArgument(column, side, plan.cap)})`
      const kept =
        keepValues && !plan.secret.includes(column)
          ? ` v_before := v_before || ${value(before)}; v_after := v_after || ${value(after)};`
          : ''
      return `          IF ${differs(column, before, after)} THEN v_changed := v_changed || ${name}::text;${kept} END IF;`
    })
    .join('\n')
}

/** The row $1 as the table's columns are today. */
const present = (plan: FunctionPlan) =>
  `format('SELECT %s FROM (SELECT ($1::%s).*) AS o', ${presentRow(plan, 'o')}, TG_RELID::regclass)`
