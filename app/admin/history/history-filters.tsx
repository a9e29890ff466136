import { PageLink } from '@/lib/ui/page-link'
import type { HistorySearch } from './filters'
import styles from './history.module.css'

interface Props {
  path: string
  asked: HistorySearch
  /** Offered on the site's page: resources by key. */
  resources?: readonly { key: string; plural: string }[]
  /** Offered on a record's page: columns by their database names. */
  fields?: readonly { name: string; label: string }[]
}

/** Narrows a history down; a plain GET form, so it works without scripts and stays in the address. */
export function HistoryFilterBar({ path, asked, resources, fields }: Props) {
  const isNarrowed = Object.entries(asked).some(([name, value]) => name !== 'before' && value)
  return (
    <form method="get" action={path} className={styles.filters}>
      <input type="search" name="q" defaultValue={asked.q} placeholder="Search changes" aria-label="Search changes" />
      {resources && (
        <select name="resource" defaultValue={asked.resource ?? ''} aria-label="Resource">
          <option value="">Everything</option>
          {resources.map(({ key, plural }) => (
            <option key={key} value={key}>
              {plural}
            </option>
          ))}
        </select>
      )}
      {fields && (
        <select name="field" defaultValue={asked.field ?? ''} aria-label="Field">
          <option value="">Every field</option>
          {fields.map(({ name, label }) => (
            <option key={name} value={name}>
              {label}
            </option>
          ))}
        </select>
      )}
      <select name="op" defaultValue={asked.op ?? ''} aria-label="Operation">
        <option value="">Every operation</option>
        <option value="insert">Created</option>
        <option value="update">Changed</option>
        <option value="delete">Deleted</option>
      </select>
      <select name="source" defaultValue={asked.source ?? ''} aria-label="Source">
        <option value="">Every source</option>
        {['form', 'sql', 'undo', 'task', 'effect'].map((source) => (
          <option key={source}>{source}</option>
        ))}
      </select>
      <input type="date" name="from" defaultValue={asked.from} aria-label="From" />
      <input type="date" name="to" defaultValue={asked.to} aria-label="To" />
      {asked.tx && <input type="hidden" name="tx" value={asked.tx} />}
      <button type="submit">Show</button>
      {isNarrowed && <PageLink href={path}>Clear</PageLink>}
    </form>
  )
}
