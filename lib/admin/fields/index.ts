/** The server door of the field kinds; browsers use `client.ts`. */
export { computedText, MOST_LISTED, viewCell, viewComputed } from './cell-view'
export { limitsOf } from './column-type'
export { defineKind, ok, refuse } from './define-kind'
export { formatBytes, formatMoney, formatPercent, groupDigits, relativeTime, wordsOf } from './format'
export { elementKind, kindFor, kindProblem, kinds } from './registry'
export { columnValue, valueText } from './values'
