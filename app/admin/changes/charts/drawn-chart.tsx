'use client'

import { Bar, BarChart, CartesianGrid, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts'
import type { ChartProps } from './chart'
import styles from './charts.module.css'

/** Pixels from one bar to the next, lying down. */
const STEP = 34
const AXIS = { stroke: 'var(--ink-3)', fontSize: 12, tickLine: false, axisLine: false } as const

/** Room for names, and how many letters of one fit there: longer ones end in an ellipsis, whole in the table and on hover. */
const NAMES_WIDTH = 160
const LETTERS = 24

interface NameProps {
  x?: number
  y?: number
  payload?: { value: string }
}

function Name({ x = 0, y = 0, payload }: NameProps) {
  const name = payload?.value ?? ''
  return (
    <text x={x} y={y} dy="0.35em" textAnchor="end" fill="var(--ink-3)" fontSize={12}>
      <title>{name}</title>
      {name.length > LETTERS ? `${name.slice(0, LETTERS - 1).trimEnd()}…` : name}
    </text>
  )
}

/** Bars, standing for days and lying for names. The table beneath says the same to those who cannot see it. */
export default function DrawnChart({ kind, rows, locale }: ChartProps) {
  const number = new Intl.NumberFormat(locale)
  const short = new Intl.NumberFormat(locale, { notation: 'compact' })
  const data = [...rows]
  const tooltip = (
    <Tooltip
      isAnimationActive={false}
      cursor={{ fill: 'var(--sunken)' }}
      formatter={(count) => [number.format(Number(count)), 'Changes']}
      contentStyle={{
        border: '1px solid var(--line)',
        borderRadius: 6,
        background: 'var(--surface)',
        color: 'var(--ink)',
        fontSize: 12,
      }}
      itemStyle={{ color: 'var(--ink)' }}
    />
  )
  if (kind === 'days') {
    return (
      <div className={styles.drawn} style={{ height: 220 }} aria-hidden="true">
        <ResponsiveContainer>
          <BarChart data={data} margin={{ top: 8, right: 4, bottom: 0, left: 0 }} accessibilityLayer={false}>
            <CartesianGrid vertical={false} stroke="var(--line)" />
            <XAxis dataKey="label" {...AXIS} minTickGap={16} />
            <YAxis {...AXIS} width={44} allowDecimals={false} tickFormatter={(count) => short.format(count)} />
            {tooltip}
            <Bar dataKey="count" fill="var(--accent)" radius={[3, 3, 0, 0]} maxBarSize={28} isAnimationActive={false} />
          </BarChart>
        </ResponsiveContainer>
      </div>
    )
  }
  return (
    <div className={styles.drawn} style={{ height: rows.length * STEP + 12 }} aria-hidden="true">
      <ResponsiveContainer>
        <BarChart
          data={data}
          layout="vertical"
          margin={{ top: 4, right: 52, bottom: 4, left: 0 }}
          accessibilityLayer={false}
        >
          <XAxis type="number" hide />
          <YAxis type="category" dataKey="label" {...AXIS} width={NAMES_WIDTH} interval={0} tick={<Name />} />
          {tooltip}
          <Bar
            dataKey="count"
            fill="var(--accent)"
            radius={[0, 3, 3, 0]}
            barSize={16}
            isAnimationActive={false}
            label={{
              position: 'right',
              fill: 'var(--ink-2)',
              fontSize: 12,
              formatter: (count: unknown) => short.format(Number(count)),
            }}
          />
        </BarChart>
      </ResponsiveContainer>
    </div>
  )
}
