import Image from 'next/image'
import { Fragment, type ReactNode } from 'react'
import type { MenuItemView, MenuView } from '@/lib/admin/view'
import { Icon } from '@/lib/ui/icon'
import { PageLink } from '@/lib/ui/page-link'
import { LargeMenu } from './large-menu'
import { MenuFilter } from './menu-filter'
import { MenuLink } from './menu-link'
import styles from './side-menu.module.css'

interface Props {
  /** What the button that opens it on phones names. */
  id: string
  /** The overview, where the config does not hide it. */
  home?: MenuItemView
  menu: MenuView
  state: ReactNode
}

/** From so many links on, a box narrows them down. */
const FILTER_FROM = 12

/** From so many on, only one section at a time is drawn: a thousand links would be most of every page. */
const LARGE_FROM = 80

/** The way to everything this person may see. On phones it lies over the page as a popover, which needs no script. */
export function SideMenu({ id, home, menu, state }: Props) {
  const links = menu.sections.reduce((sum, { items }) => sum + items.length, 0)
  const isLarge = links >= LARGE_FROM
  return (
    <nav id={id} popover="auto" className={styles.side} aria-label="Main">
      <PageLink href="/admin" className={styles.brand}>
        <Brand menu={menu} />
      </PageLink>
      {links >= FILTER_FROM && !isLarge && <MenuFilter />}
      <div className={styles.links}>
        {home && (
          <ul className={styles.group}>
            <MenuItem item={home} />
          </ul>
        )}
        {isLarge ? (
          <LargeMenu sections={menu.sections} />
        ) : (
          menu.sections.map(({ key, label, items }) => (
            <Section key={key} id={`${id}-${key}`} label={label} items={items} />
          ))
        )}
        {menu.system.length > 0 && <Section id={`${id}-system`} label="System" items={menu.system} />}
      </div>
      <div className={styles.foot}>
        {menu.footer && <p>{menu.footer}</p>}
        {state}
      </div>
    </nav>
  )
}

function Brand({ menu: { title, logo } }: Pick<Props, 'menu'>) {
  if (logo) {
    return (
      <>
        {/* A logo may be anything the deployer has, an SVG above all: nothing for an image optimiser. */}
        <Image src={logo.small ?? logo.src} alt="" width={96} height={24} className={styles.logo} unoptimized />
        <span className={styles.title}>{title}</span>
      </>
    )
  }
  return (
    <>
      <span className={styles.mark} aria-hidden="true">
        {[...title][0]?.toUpperCase()}
      </span>
      <span className={styles.title}>{title}</span>
    </>
  )
}

function Section({ id, label, items }: { id: string; label: string; items: readonly MenuItemView[] }) {
  return (
    <Fragment>
      <h2 id={id} className={styles.heading}>
        {label}
      </h2>
      <ul className={styles.group} aria-labelledby={id}>
        {items.map((item) => (
          <MenuItem key={item.href} item={item} />
        ))}
      </ul>
    </Fragment>
  )
}

function MenuItem({ item: { href, label, icon, count, isHot } }: { item: MenuItemView }) {
  return (
    <li>
      <MenuLink href={href} className={styles.link}>
        <Icon name={icon} />
        <span className={styles.label}>{label}</span>
        {count && (
          <span className={styles.count} data-hot={isHot}>
            {count}
          </span>
        )}
      </MenuLink>
    </li>
  )
}
