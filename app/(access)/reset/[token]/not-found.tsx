import Link from 'next/link'
import styles from '../../access.module.css'

/** One page for every link that does not work, so that it tells nothing about those that do. */
export default function LinkNotFound() {
  return (
    <>
      <h1>This link no longer works</h1>
      <p className={styles.lead}>
        A link to choose a password works once, for a day, and only until a newer one is made. Ask an administrator for
        a new one.
      </p>
      <Link href="/sign-in" className={styles.link}>
        Sign in
      </Link>
    </>
  )
}
