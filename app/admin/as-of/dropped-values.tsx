import styles from './dropped-values.module.css'

/** What a record held in columns that its table no longer has. */
export function DroppedValues({ values }: { values: readonly { name: string; text: string }[] }) {
  return (
    <section className={styles.card} aria-label="Columns that are gone">
      <h2>Columns that are gone</h2>
      <dl className={styles.values}>
        {values.map(({ name, text }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
