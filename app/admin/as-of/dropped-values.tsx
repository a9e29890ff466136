import styles from './dropped-values.module.css'

/** What a record held in columns that its table no longer has, or has as another type. */
export function DroppedValues({ values }: { values: readonly { name: string; text: string }[] }) {
  return (
    <section className={styles.card} aria-label="Columns gone or changed">
      <h2>Columns gone or changed</h2>
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
