import { z } from 'zod'
import { type HandlerDefinition, handler } from '../handler'

const shape = z.strictObject({
  message: z.string().max(10_000),
  level: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  data: z.unknown().optional(),
})

/** `log`: one line in the worker's log, with the effect's id. */
export function logHandler(): HandlerDefinition {
  return handler({
    label: 'Log',
    payload: shape,
    run: ({ message, level, data }, ctx) => {
      ctx.log[level]({ data }, message)
      return { logged: message }
    },
  })
}
