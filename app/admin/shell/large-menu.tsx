'use client'

import { usePathname } from 'next/navigation'
import { useState } from 'react'
import type { MenuView } from '@/lib/admin/view'
import { FilterBox } from './menu-filter'
import { MenuLink } from './menu-link'
import styles from './side-menu.module.css'

/** More matches than these are found by typing on, not by scrolling. */
const MOST_MATCHES = 60

/**
 * The sections of a menu too long to be drawn as a whole: only the section one is in, or opens, stands with its links;
 * what is typed is looked for in all of them.
 */
export function LargeMenu({ sections }: { sections: MenuView['sections'] }) {
  const here = usePathname().split('/')[2]
  const [opened, setOpened] = useState<string>()
  const [words, setWords] = useState('')
  const wanted = words.trim().toLocaleLowerCase()
  const matches = sections.flatMap(({ items }) =>
    wanted ? items.filter(({ label }) => label.toLocaleLowerCase().includes(wanted)) : [],
  )
  return (
    <>
      <FilterBox value={words} onChange={({ currentTarget: { value } }) => setWords(value)} />
      <span role="status" className={styles.found}>
        {wanted && matches.length === 0 && 'Nothing in the menu has this name.'}
        {matches.length > MOST_MATCHES &&
          `The first ${MOST_MATCHES} of ${matches.length}: type more to narrow it down.`}
      </span>
      {wanted ? (
        <Links items={matches.slice(0, MOST_MATCHES)} label="Found" />
      ) : (
        sections.map(({ key, label, items }) => {
          const isOpen = (opened ?? here) === key
          return (
            <div key={key}>
              <button
                type="button"
                className={styles.section}
                aria-expanded={isOpen}
                onClick={() => setOpened(isOpen ? '' : key)}
              >
                <span className={styles.label}>{label}</span>
                <span className={styles.count}>{items.length}</span>
              </button>
              {isOpen && <Links items={items} label={label} />}
            </div>
          )
        })
      )}
    </>
  )
}

function Links({ items, label }: { items: MenuView['sections'][number]['items']; label: string }) {
  return (
    <ul className={styles.group} aria-label={label}>
      {items.map(({ href, label: name, count }) => (
        <li key={href}>
          <MenuLink href={href} className={styles.link}>
            <span className={styles.label}>{name}</span>
            {count && <span className={styles.count}>{count}</span>}
          </MenuLink>
        </li>
      ))}
    </ul>
  )
}
