import Image from 'next/image'
import type { ReactNode } from 'react'
import type { MenuItemView, MenuView } from '@/lib/admin/view'
import { Icon } from '@/lib/ui/icon'
import { toMarkup } from '@/lib/ui/markup'
import { PageLink } from '@/lib/ui/page-link'
import { LargeMenu } from './large-menu'
import { MenuFilter } from './menu-filter'
import { MenuLinks } from './menu-links'
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
  const system = menu.system.length > 0 && <Section id={`${id}-system`} label="System" items={menu.system} />
  return (
    <nav id={id} popover="auto" className={styles.side} aria-label="Main">
      <PageLink href="/admin" className={styles.brand}>
        <Brand menu={menu} />
      </PageLink>
      {links >= FILTER_FROM && !isLarge && <MenuFilter />}
      <div className={styles.links}>
        {isLarge ? (
          <>
            <Plain>{home && <Group items={[home]} />}</Plain>
            <LargeMenu sections={menu.sections} />
            <Plain>{system}</Plain>
          </>
        ) : (
          <Plain>
            {home && <Group items={[home]} />}
            {menu.sections.map(({ key, label, items }) => (
              <Section key={key} id={`${id}-${key}`} label={label} items={items} />
            ))}
            {system}
          </Plain>
        )}
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

/** Nothing here needs React in the browser. */
function Plain({ children }: { children: ReactNode }) {
  return <MenuLinks markup={toMarkup(children) ?? ''} />
}

function Section({ id, label, items }: { id: string; label: string; items: readonly MenuItemView[] }) {
  return (
    <>
      <h2 id={id} className={styles.heading}>
        {label}
      </h2>
      <Group labelledBy={id} items={items} />
    </>
  )
}

/** Characters beyond which a label may not fit: whole on hover then. */
const LONG = 18

function Group({ items, labelledBy }: { items: readonly MenuItemView[]; labelledBy?: string }) {
  return (
    <ul className={styles.group} aria-labelledby={labelledBy}>
      {items.map(({ href, label, icon, count, isHot }) => (
        <li key={href}>
          <a href={href} className={styles.link}>
            <Icon name={icon} />
            <span className={styles.label} title={label.length > LONG ? label : undefined}>
              {label}
            </span>
            {count && (
              <span className={styles.count} data-hot={isHot}>
                {count}
              </span>
            )}
          </a>
        </li>
      ))}
    </ul>
  )
}
