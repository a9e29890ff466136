import type { Service } from './context'

/** Everything that runs for as long as a worker does. */
export const services: readonly Service[] = []
