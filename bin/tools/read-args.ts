import { type ParseArgsConfig, parseArgs } from 'node:util'

/**
 * What a command was given behind its name.
 * @throws Error with what is wrong above the command's usage
 */
export function readArgs<T extends ParseArgsConfig>(config: T, usage: string): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config)
  } catch (error) {
    throw new Error(`${(error as Error).message}\n\n${usage}`)
  }
}
