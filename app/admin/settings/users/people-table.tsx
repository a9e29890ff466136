import type { ReactNode } from 'react'
import { Status } from '@/lib/ui/status/status'
import styles from './people-table.module.css'
import type { PersonRow } from './person'
import { PersonMenu } from './person-menu'

interface Props {
  people: readonly PersonRow[]
  roles: readonly string[]
  /** Whoever looks at the page. */
  ownId?: string
  children: ReactNode
}

export function PeopleTable({ people, roles, ownId, children }: Props) {
  return (
    <div className={styles.card}>
      <table className={styles.table} aria-label="Users">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Role</th>
            <th scope="col">Status</th>
            <th scope="col">Last seen</th>
            <th scope="col" className={styles.end}>
              <span className={styles.hidden}>Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {people.map((person) => (
            <tr key={person.id}>
              <td>
                <span className={styles.name}>{person.name}</span>
                {person.id === ownId && <span className={styles.you}>you</span>}
                <span className={styles.email}>{person.email}</span>
              </td>
              <td className={styles.role}>{person.role}</td>
              <td>
                <Status tone={person.isActive ? 'ok' : 'quiet'}>{person.isActive ? 'Active' : 'Disabled'}</Status>
              </td>
              <td className={styles.seen} title={person.lastSeenExactly}>
                {person.lastSeen ?? 'never'}
              </td>
              <td className={styles.end}>
                <PersonMenu person={person} roles={roles} isSelf={person.id === ownId} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {children}
    </div>
  )
}
