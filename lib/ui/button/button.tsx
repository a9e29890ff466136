import clsx from 'clsx'
import type { ComponentProps, ComponentPropsWithoutRef } from 'react'
import { PageLink } from '../page-link'
import styles from './button.module.css'

interface Look {
  /** At most one primary button on a page. */
  tone?: 'default' | 'primary' | 'quiet' | 'danger'
  size?: 'normal' | 'small'
}

/** The class of anything that looks like a button. */
export function buttonClass({ tone = 'default', size = 'normal' }: Look = {}, more?: string): string {
  return clsx(styles.button, tone !== 'default' && styles[tone], size === 'small' && styles.small, more)
}

export function Button({ tone, size, className, type = 'button', ...rest }: Look & ComponentProps<'button'>) {
  return <button {...rest} type={type} className={buttonClass({ tone, size }, className)} />
}

/** A link that looks like a button. Without `href` it stands there disabled. */
export function ButtonLink({
  tone,
  size,
  className,
  href,
  ...rest
}: Look & Omit<ComponentPropsWithoutRef<'a'>, 'href'> & { href: string | undefined }) {
  const look = buttonClass({ tone, size }, className)
  if (href === undefined) {
    return (
      <span className={look} aria-disabled="true">
        {rest.children}
      </span>
    )
  }
  return <PageLink {...rest} href={href} className={look} />
}
