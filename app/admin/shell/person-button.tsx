import type { ComponentProps } from 'react'
import styles from './person-menu.module.css'

export interface PersonView {
  name: string
  email?: string
  role: string
}

/** The button with a person's initials, before and after what it opens is there. */
export function PersonButton({ person, ...rest }: ComponentProps<'button'> & { person: PersonView }) {
  return (
    <button
      type="button"
      aria-haspopup="menu"
      aria-label={`Account of ${person.name}`}
      {...rest}
      className={styles.person}
    >
      {initialsOf(person.name)}
    </button>
  )
}

/** Two letters: of the first and the last name, or the first two of the only one. */
function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/)
  const [first = '', last = ''] = words.length > 1 ? [words[0], words.at(-1)] : [words[0]]
  const letters = last ? [...first].slice(0, 1).concat([...last].slice(0, 1)) : [...first].slice(0, 2)
  return letters.join('').toUpperCase()
}
