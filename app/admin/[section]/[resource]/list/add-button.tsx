import clsx from 'clsx'
import type { ComponentProps } from 'react'
import styles from './list-toolbar.module.css'

/** The button that adds a filter, before and after what it opens is there. */
export function AddButton(props: ComponentProps<'button'>) {
  return (
    <button type="button" aria-haspopup="dialog" {...props} className={clsx(styles.chip, styles.add)}>
      + Filter
    </button>
  )
}
