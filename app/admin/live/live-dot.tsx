'use client'

import { useSyncExternalStore } from 'react'
import { type LiveState, liveState, onLiveState } from './live'
import styles from './live-dot.module.css'

const WORDS: Record<LiveState, string> = {
  connecting: 'Connecting',
  live: 'Live',
  away: 'No database',
  reconnecting: 'Reconnecting',
  offline: 'Offline',
  'signed out': 'Signed out',
}

const TITLES: Record<LiveState, string> = {
  connecting: 'The page is about to follow what changes.',
  live: 'The page follows what changes.',
  away: 'The site cannot reach its database. What you see may be older than it looks; what was missed comes by itself.',
  reconnecting: 'The connection was lost and is being opened again. What you see may be older than it looks.',
  offline:
    'The site, or its database, cannot be reached. What you see may be older than it looks; what was missed comes by itself.',
  'signed out': 'You are not signed in any more. Reload the page to sign in.',
}

/** Whether the page follows what changes in the database. */
export function LiveDot() {
  const state = useSyncExternalStore<LiveState>(onLiveState, liveState, () => 'connecting')
  return (
    <span className={styles.live} role="status" data-state={state} title={TITLES[state]}>
      {WORDS[state]}
    </span>
  )
}
