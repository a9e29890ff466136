'use client'

import { useEffect, useRef } from 'react'
import styles from './list-toolbar.module.css'

/** The words to look for. Follows the address when somebody goes back, and never while they are typing. */
export function SearchBox({ value, placeholder }: { value: string; placeholder: string }) {
  const box = useRef<HTMLInputElement>(null)

  useEffect(() => {
    if (box.current && document.activeElement !== box.current) box.current.value = value
  }, [value])

  return (
    <>
      <input
        ref={box}
        type="search"
        name="q"
        className={styles.box}
        defaultValue={value}
        placeholder={placeholder}
        aria-label={placeholder}
        autoComplete="off"
        enterKeyHint="search"
        maxLength={200}
        data-shortcut="/"
        onChange={(event) => {
          // The cross of the box empties it: that is a search for everything.
          if (event.currentTarget.value === '' && value !== '') event.currentTarget.form?.requestSubmit()
        }}
      />
      <span className={styles.key} aria-hidden="true">
        <kbd>/</kbd>
      </span>
    </>
  )
}
