import { PageLink } from '@/lib/ui/page-link'
import styles from '../filter-bar.module.css'
import { type HistorySearch, historyHref, OUTSIDE } from './filters'

interface Props {
  path: string
  asked: HistorySearch
  /** Offered on the site's page: resources by key. */
  resources?: readonly { key: string; plural: string }[]
  /** Offered on a record's page: columns by their database names. */
  fields?: readonly { name: string; label: string }[]
  /** People by their actors' ids. */
  people: readonly { id: string; name: string }[]
}

/** Narrows a history down; a plain GET form, so it works without scripts and stays in the address. */
export function HistoryFilterBar({ path, asked, resources, fields, people }: Props) {
  const isNarrowed = Object.entries(asked).some(([name, value]) => name !== 'before' && name !== 'at' && value)
  return (
    <form method="get" action={path} className={styles.bar}>
      <input type="search" name="q" defaultValue={asked.q} placeholder="Search changes" aria-label="Search changes" />
      {resources && (
        <select
          name="resource"
          defaultValue={asked.resource ?? ''}
          data-set={asked.resource ? '' : undefined}
          aria-label="Resource"
        >
          <option value="">Everything</option>
          {resources.map(({ key, plural }) => (
            <option key={key} value={key}>
              {plural}
            </option>
          ))}
        </select>
      )}
      {fields && (
        <select
          name="field"
          defaultValue={asked.field ?? ''}
          data-set={asked.field ? '' : undefined}
          aria-label="Field"
        >
          <option value="">Every field</option>
          {fields.map(({ name, label }) => (
            <option key={name} value={name}>
              {label}
            </option>
          ))}
        </select>
      )}
      <select name="who" defaultValue={asked.who ?? ''} data-set={asked.who ? '' : undefined} aria-label="Person">
        <option value="">Everybody</option>
        <option value={OUTSIDE}>Outside the admin</option>
        {people.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
        {asked.who && asked.who !== OUTSIDE && !people.some(({ id }) => id === asked.who) && (
          <option value={asked.who}>{asked.who}</option>
        )}
      </select>
      <select name="op" defaultValue={asked.op ?? ''} data-set={asked.op ? '' : undefined} aria-label="Operation">
        <option value="">Every operation</option>
        <option value="insert">Created</option>
        <option value="update">Changed</option>
        <option value="delete">Deleted</option>
      </select>
      <select
        name="source"
        defaultValue={asked.source ?? ''}
        data-set={asked.source ? '' : undefined}
        aria-label="Source"
      >
        <option value="">Every source</option>
        {['form', 'sql', 'undo', 'task', 'effect'].map((source) => (
          <option key={source}>{source}</option>
        ))}
      </select>
      <span className={styles.dates} data-set={asked.from || asked.to ? '' : undefined}>
        <input type="date" name="from" defaultValue={asked.from} aria-label="From" />
        <span aria-hidden="true">–</span>
        <input type="date" name="to" defaultValue={asked.to} aria-label="To" />
      </span>
      {asked.at && <input type="hidden" name="at" value={asked.at} />}
      <button type="submit">Show</button>
      {isNarrowed && <PageLink href={historyHref(path, { at: asked.at })}>Clear</PageLink>}
    </form>
  )
}
