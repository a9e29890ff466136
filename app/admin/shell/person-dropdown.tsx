'use client'

import { type MantineColorScheme, Menu, useMantineColorScheme } from '@mantine/core'
import { useRouter } from 'next/navigation'
import { useTransition } from 'react'
import { signOut } from '@/app/(access)/sign-in/actions'
import { useArrival } from '@/lib/ui/on-demand'
import { PersonButton, type PersonView } from './person-button'
import styles from './person-menu.module.css'
import { SCHEMES } from './scheme-switch'

/** Who is signed in, how they like it to look, and the way out. Drawn open. */
export function PersonDropdown({ person }: { person: PersonView }) {
  const router = useRouter()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const { button, isOpen, setIsOpen } = useArrival()
  const [isLeaving, startLeaving] = useTransition()

  return (
    <Menu
      opened={isOpen}
      onChange={setIsOpen}
      position="bottom-end"
      width={240}
      offset={6}
      transitionProps={{ duration: 120 }}
    >
      <Menu.Target>
        <PersonButton ref={button} person={person} />
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label className={styles.head}>
          <span className={styles.name}>{person.name}</span>
          <span className={styles.email}>{person.email ?? person.role}</span>
        </Menu.Label>
        <Menu.Divider />
        <Menu.Label>Appearance</Menu.Label>
        <Menu.RadioGroup value={colorScheme} onChange={(value) => setColorScheme(value as MantineColorScheme)}>
          {SCHEMES.map(({ value, label }) => (
            <Menu.RadioItem key={value} value={value}>
              {label}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Divider />
        <Menu.Item onClick={() => router.push('/admin/settings/account')}>Your account</Menu.Item>
        <Menu.Item disabled={isLeaving} onClick={() => startLeaving(() => signOut())}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
