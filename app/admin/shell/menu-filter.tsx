'use client'

import { type ChangeEvent, useState } from 'react'
import styles from './side-menu.module.css'

/** Narrows the menu down to the links whose words contain what is typed. The links themselves are plain markup beside it. */
export function MenuFilter() {
  const [found, setFound] = useState<number>()

  function narrow({ currentTarget: box }: ChangeEvent<HTMLInputElement>) {
    const wanted = box.value.trim().toLocaleLowerCase()
    const lists = box.closest('nav')?.querySelectorAll('ul') ?? []
    let total = 0
    for (const list of lists) {
      let shown = 0
      for (const item of list.children) {
        const isMatch = (item.textContent ?? '').toLocaleLowerCase().includes(wanted)
        item.toggleAttribute('data-filtered-out', !isMatch)
        if (isMatch) shown += 1
      }
      const heading = list.previousElementSibling
      if (heading instanceof HTMLHeadingElement) heading.toggleAttribute('data-filtered-out', shown === 0)
      total += shown
    }
    setFound(wanted ? total : undefined)
  }

  return (
    <>
      <input
        type="search"
        className={styles.filter}
        placeholder="Filter"
        aria-label="Filter the menu"
        onChange={narrow}
      />
      <span role="status" className={styles.found}>
        {found === 0 && 'Nothing in the menu has this name.'}
      </span>
    </>
  )
}
