'use client'

import { type MantineColorScheme, Menu, UnstyledButton, useMantineColorScheme } from '@mantine/core'
import { useRouter } from 'next/navigation'
import { useTransition } from 'react'
import { signOut } from '@/app/(access)/sign-in/actions'
import styles from './person-menu.module.css'
import { SCHEMES } from './scheme-switch'

export interface PersonView {
  name: string
  email?: string
  role: string
}

/** Who is signed in, how they like it to look, and the way out. */
export function PersonMenu({ person }: { person: PersonView }) {
  const router = useRouter()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const [isLeaving, startLeaving] = useTransition()
  return (
    <Menu position="bottom-end" width={240} offset={6} transitionProps={{ duration: 120 }}>
      <Menu.Target>
        <UnstyledButton className={styles.person} aria-label={`Account of ${person.name}`}>
          {initialsOf(person.name)}
        </UnstyledButton>
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

/** Two letters: of the first and the last name, or the first two of the only one. */
function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/)
  const [first = '', last = ''] = words.length > 1 ? [words[0], words.at(-1)] : [words[0]]
  const letters = last ? [...first].slice(0, 1).concat([...last].slice(0, 1)) : [...first].slice(0, 2)
  return letters.join('').toUpperCase()
}
