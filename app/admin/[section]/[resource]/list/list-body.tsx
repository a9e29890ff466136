import type { ListView } from '@/lib/admin/view'
import { Banner } from '@/lib/ui/banner/banner'
import { Countdowns } from '@/lib/ui/countdown/countdowns'
import { ListMemoryMark } from '../form/list-memory-mark'
import styles from './list-body.module.css'
import { ListEmpty } from './list-empty'
import { ListPager } from './list-pager'
import { ListTable } from './list-table'
import { ListToolbar } from './list-toolbar'
import { SelectionBar } from './selection-bar'

/** The list itself: what narrows it down, its rows, the way to further rows. */
export function ListBody({ list }: { list: ListView }) {
  const { resource, rows, notices, emptiness } = list
  const canSelect = resource.can.delete && rows.length > 0
  return (
    <>
      {!resource.at && <ListMemoryMark resource={resource.key} query={list.query} />}
      {notices.length > 0 && (
        <Banner tone="warn">{notices.length === 1 ? notices[0] : <Notices notices={notices} />}</Banner>
      )}
      {emptiness !== 'none_yet' && <ListToolbar list={list} />}
      <div className={styles.card}>
        {emptiness ? <ListEmpty list={list} /> : <ListTable list={list} canSelect={canSelect} />}
        {!emptiness && <ListPager pager={list.pager} />}
      </div>
      {canSelect && (
        // Other rows are another selection.
        <SelectionBar
          key={rows.map(({ id }) => id).join()}
          resource={resource.key}
          singular={resource.singular}
          plural={resource.plural}
          isRecorded={resource.isRecorded}
        />
      )}
      {rows.some(({ cells }) => cells.some(({ kind }) => kind === 'expiry')) && <Countdowns />}
    </>
  )
}

function Notices({ notices }: { notices: readonly string[] }) {
  return (
    <ul>
      {notices.map((notice) => (
        <li key={notice}>{notice}</li>
      ))}
    </ul>
  )
}
