import type { Codec } from '@/lib/watch'
import { columnValue, valueText } from './fields/values'

/** What watchers' messages are told in: the types Drizzle gives a table's columns. */
export const columnCodec: Codec = { decode: columnValue, encode: valueText }
