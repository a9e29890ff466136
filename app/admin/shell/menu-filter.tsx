'use client'

import { Search } from 'lucide-react'
import { type ChangeEvent, type ComponentProps, useState } from 'react'
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
      <FilterBox onChange={narrow} />
      <span role="status" className={styles.found}>
        {found === 0 && 'Nothing in the menu has this name.'}
      </span>
    </>
  )
}

/** The box to type in, drawn like a link of the menu until somebody does. */
export function FilterBox(props: Pick<ComponentProps<'input'>, 'value' | 'onChange'>) {
  return (
    <label className={styles.filter}>
      <Search size={16} strokeWidth={1.75} aria-hidden="true" />
      <input type="search" placeholder="Filter" aria-label="Filter the menu" {...props} />
    </label>
  )
}
