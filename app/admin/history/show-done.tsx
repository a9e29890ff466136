import { notifications } from '@mantine/notifications'
import styles from './undo.module.css'
import { UndoLast } from './undo-buttons'

/** Long enough to read it and to change one's mind. */
const SHOWN_MS = 8000

let count = 0

/** Says that something is done and, where it was recorded, offers to undo it. */
export function showDone(message: string, undo: { request: string } | undefined): void {
  const id = `done-${++count}`
  notifications.show({
    id,
    color: 'accent',
    autoClose: SHOWN_MS,
    message: undo ? (
      <span className={styles.done}>
        {message}
        <UndoLast request={undo.request} onDone={() => notifications.hide(id)} />
      </span>
    ) : (
      message
    ),
  })
}
