import type { ComponentPropsWithoutRef } from 'react'

type Props = ComponentPropsWithoutRef<'a'> & {
  href: string
  /** Where a click with the shift key leads instead. */
  shiftHref?: string
}

/**
 * A link to an address of this site as a plain anchor: a list has a hundred of them, and each costs the browser nothing.
 * `SoftNavigation` around the page follows them without a reload.
 */
export function PageLink({ shiftHref, ...rest }: Props) {
  return <a {...rest} data-shift-href={shiftHref} />
}
