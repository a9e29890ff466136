import type { RequestContext } from '@/lib/admin'
import type { SeriesPoint } from '@/lib/effects'
import styles from './effects.module.css'

const WIDTH = 960
const HEIGHT = 96

/** Attempts step by step, completed below and failed on top, as plain SVG. */
export function RateChart({ points, ctx }: { points: readonly SeriesPoint[]; ctx: RequestContext }) {
  const most = Math.max(1, ...points.map(({ completed, failed }) => completed + failed))
  const step = WIDTH / Math.max(1, points.length)
  const completed = points.reduce((sum, point) => sum + point.completed, 0)
  const failed = points.reduce((sum, point) => sum + point.failed, 0)
  const number = new Intl.NumberFormat(ctx.locale)
  const words = `${number.format(completed)} attempts completed and ${number.format(failed)} failed in the last 24 hours`
  return (
    <>
      <div className={styles.legend}>
        <h2>Attempts</h2>
        <span>last 24 hours, half an hour a bar</span>
        <span className={styles.key}>
          <i className={styles.good} /> {number.format(completed)} completed
        </span>
        <span className={styles.key}>
          <i className={styles.failed} /> {number.format(failed)} failed
        </span>
      </div>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={words}
        className={styles.bars}
        preserveAspectRatio="none"
      >
        <line x1="0" x2={WIDTH} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} className={styles.axis} />
        {points.map((point, at) => {
          const good = (point.completed / most) * (HEIGHT - 4)
          const bad = (point.failed / most) * (HEIGHT - 4)
          return (
            <g key={point.at}>
              <rect x={at * step + 2} width={step - 4} y={HEIGHT - good} height={good} className={styles.good} />
              <rect x={at * step + 2} width={step - 4} y={HEIGHT - good - bad} height={bad} className={styles.failed} />
            </g>
          )
        })}
      </svg>
    </>
  )
}
