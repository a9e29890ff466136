import { trackedTables } from '@/lib/admin/tracked-tables'
import { systemState } from '@/lib/db/migrate'
import { triggerState } from '@/lib/history'
import { readAdmin } from '@/lib/runtime'
import { type Check, type Finding, few, ok, problem, warning } from './finding'

/** Whether the application could change what it did. */
export const checkRights: Check = async ({ owner, app, appRole }) => {
  const [roles] = await owner<{ owner: string; isSuper: boolean }[]>`
    select current_user::text as owner, (select rolsuper from pg_roles where rolname = ${appRole}) as "isSuper"`
  const [rights] = await app<{ mayChange: boolean }[]>`
    select has_table_privilege('kontor.changes', 'update') or has_table_privilege('kontor.changes', 'delete')
      or has_table_privilege('kontor.changes', 'truncate') as "mayChange"`
  const findings: Finding[] = []
  if (roles?.isSuper) {
    findings.push(
      warning(`The application's role ${appRole} is a superuser.`, 'Give DATABASE_URL of a role that is none.'),
    )
  }
  if (rights?.mayChange) {
    findings.push(
      warning(
        `Role ${appRole}, which the site runs as, may change the log it is held to account by.`,
        'Give DATABASE_OWNER_URL of another role that owns schema kontor, and run "npm run migrate".',
      ),
    )
  } else findings.push(ok(`Role ${appRole} may add to the log and read it, not change it`))
  const tables = trackedTables(readAdmin()).map(({ schema, name }) => ({ schema, name }))
  const names = tables.map(({ schema, name }) => `${schema}.${name}`)
  const lacking = await owner<{ relation: string; mayRead: boolean; mayTrigger: boolean }[]>`
    select n.nspname || '.' || c.relname as relation, has_schema_privilege(${appRole}, n.oid, 'usage')
        and has_table_privilege(${appRole}, c.oid, 'select') as "mayRead",
      pg_has_role(c.relowner, 'usage') or has_table_privilege(c.oid, 'trigger') as "mayTrigger"
    from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
    where n.nspname || '.' || c.relname = any(${names}) and c.relkind in ('r', 'p')`
  const unread = lacking.filter(({ mayRead }) => !mayRead).map(({ relation }) => relation)
  const untriggered = lacking.filter(({ mayTrigger }) => !mayTrigger).map(({ relation }) => relation)
  if (unread.length > 0) {
    findings.push(
      problem(
        `Role ${appRole} may not read ${few(unread)}.`,
        `GRANT SELECT, INSERT, UPDATE, DELETE ON ${few(unread)} TO ${appRole};`,
      ),
    )
  }
  if (untriggered.length > 0) {
    findings.push(
      problem(
        `Role ${roles?.owner} may not set triggers on ${few(untriggered)}.`,
        'Give DATABASE_OWNER_URL of the role that owns them, or have its owner run what "npm run migrate -- --tables --print" prints.',
      ),
    )
  }
  return findings
}

/** Whether Kontor's own tables are those of this version. */
export const checkSystem: Check = async ({ owner }) => {
  const { pending, changed } = await systemState(owner)
  if (pending.length > 0) {
    return [problem(`Kontor's own tables are not up to date: ${few(pending)}.`, 'Run "npm run migrate".')]
  }
  if (changed.length > 0) {
    return [
      warning(
        `Kontor's own tables were made by another version: ${few(changed)}.`,
        'Use the version that made them, or a new database.',
      ),
    ]
  }
  return [ok("Kontor's own tables are up to date")]
}

/** Triggers that are missing, outdated, disabled, or no longer wanted. */
export const checkTriggers: Check = async ({ owner }) => {
  const tables = trackedTables(readAdmin())
  const drifts = await triggerState(owner, tables)
  const findings = drifts.map(
    ({ kind, message }): Finding =>
      kind === 'leftover'
        ? warning(message, 'Nothing is lost; the log grows by it.')
        : problem(message, 'What was changed meanwhile is not in the log.'),
  )
  return findings.length > 0
    ? findings
    : [ok(`The changes of ${tables.length} tables are recorded as the config wants them`)]
}

/** Partitions of the coming months, and how far the log is sealed. */
export const checkLog: Check = async ({ owner }) => {
  const [row] = await owner<{ ahead: number; astray: boolean; unsealedMinutes: number | null; changes: string }[]>`
    select
      (select count(*)::int from pg_inherits as i join pg_class as c on c.oid = i.inhrelid
        where i.inhparent = 'kontor.changes'::regclass and c.relname > 'changes_' || to_char(now() at time zone 'utc', 'YYYY_MM')
          and c.relname ~ '^changes_\\d') as ahead,
      exists (select from kontor.changes_default) as astray,
      (select floor(extract(epoch from now() - min(c.at)) / 60)::int from kontor.changes as c
        left join (select s.snapshot, s.floor, s.newest, kontor.is_of_other_cluster(s) as elsewhere from kontor.seals as s
          where s.complete order by s.seq desc limit 1) as last on true
        where case when last.elsewhere and last.newest is not null then c.id > last.newest
          else c.tx >= pg_snapshot_xmax(coalesce(last.snapshot, '1:1:')) and c.id > coalesce(last.floor, 0) end)
        as "unsealedMinutes",
      (select greatest(sum(reltuples), 0)::bigint::text from pg_class as c join pg_inherits as i on i.inhrelid = c.oid
        where i.inhparent = 'kontor.changes'::regclass) as changes`
  const { ahead, astray, unsealedMinutes, changes } = row!
  const findings: Finding[] = []
  if (ahead === 0)
    findings.push(problem('The log has no partition for the next month.', 'Start a worker, which adds them.'))
  else findings.push(ok(`The log (about ${changes} changes) has partitions for ${ahead} months ahead`))
  if (astray) {
    findings.push(warning('Changes lie in the default partition of the log.', 'Run "npm run history -- repair".'))
  }
  if (unsealedMinutes !== null && unsealedMinutes > 10) {
    findings.push(
      warning(
        `Changes have been unsealed for ${unsealedMinutes} minutes: until then they could be altered unseen.`,
        'Start a worker, which seals each minute.',
      ),
    )
  } else findings.push(ok('The log is sealed'))
  return findings
}
