import type { ListView } from '@/lib/admin/view'

/** A person as the page of users shows them. */
export interface PersonRow {
  id: string
  name: string
  email: string
  role: string
  isActive: boolean
  /** 'yesterday', or undefined for somebody who never came. */
  lastSeen?: string
  lastSeenExactly?: string
}

/** Reads people out of the list of their resource, by the columns it declares. */
export function peopleIn({ columns, rows }: ListView): PersonRow[] {
  const at = (name: string) => columns.findIndex((column) => column.name === name)
  const [name, email, role, status, seen] = ['name', 'email', 'role', 'status', 'lastSeenAt'].map(at)
  return rows.map(({ id, cells }) => {
    const cell = (index: number | undefined) => (index === undefined ? undefined : cells[index])
    const text = (index: number | undefined) => cell(index)?.text ?? ''
    return {
      id,
      name: text(name),
      email: text(email),
      role: text(role),
      isActive: text(status) === 'active',
      lastSeen: cell(seen)?.text ? cell(seen)?.display : undefined,
      lastSeenExactly: cell(seen)?.title,
    }
  })
}
