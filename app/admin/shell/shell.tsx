import type { ReactNode } from 'react'
import type { MenuItemView, MenuView } from '@/lib/admin/view'
import { Icon } from '@/lib/ui/icon'
import { SoftNavigation } from '@/lib/ui/soft-navigation'
import { LiveDot } from '../live/live-dot'
import type { PersonView } from './person-button'
import { PersonMenu } from './person-menu'
import { SearchShortcut } from './search-shortcut'
import styles from './shell.module.css'
import { SideMenu } from './side-menu'

interface Props {
  /** The overview, where the config does not hide it. */
  home?: MenuItemView
  menu: MenuView
  person: PersonView
  /** A label such as 'production', so that nobody edits the wrong site. */
  environment?: string
  /** One line at the foot of the menu about what the site stands on. */
  state: ReactNode
  children: ReactNode
}

const MENU_ID = 'menu'

/** What stands around every page: menu at the side (a drawer on phones), header above, the page itself. */
export function Shell({ home, menu, person, environment, state, children }: Props) {
  return (
    <div className={styles.app}>
      <a href="#main" className={styles.skip}>
        Skip to content
      </a>
      <SoftNavigation />
      <SearchShortcut />
      <SideMenu id={MENU_ID} home={home} menu={menu} state={state} />
      <div className={styles.body}>
        <header className={styles.top}>
          <button type="button" className={styles.menuButton} popoverTarget={MENU_ID} aria-label="Menu">
            <Icon name="menu" size={18} />
          </button>
          <span className={styles.grow} />
          {environment && <span className={styles.environment}>{environment}</span>}
          <LiveDot />
          <PersonMenu person={person} />
        </header>
        {children}
      </div>
    </div>
  )
}
