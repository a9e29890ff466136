'use client'

import { Modal } from '@mantine/core'
import type { ReactNode } from 'react'
import styles from './form.module.css'

interface Props {
  isOpen: boolean
  onClose: () => void
  title: string
  children: ReactNode
  /** The buttons. */
  answers: ReactNode
}

/** Asks before something is lost. Escape and a click beside it answer no. */
export function AskDialog({ isOpen, onClose, title, children, answers }: Props) {
  return (
    <Modal.Root opened={isOpen} onClose={onClose} centered>
      <Modal.Overlay />
      <Modal.Content>
        <Modal.Body className={styles.dialog}>
          <Modal.Title className={styles.question}>{title}</Modal.Title>
          {children}
          <div className={styles.answers}>{answers}</div>
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  )
}
