// Options of the bench tools: flags with values, lists of whole numbers. Nothing else is taken.

import { type ParseArgsConfig, parseArgs } from 'node:util'
import { countArg, sizeArg, UsageError } from './args.ts'

type Flags = NonNullable<ParseArgsConfig['options']>
type Values<F extends Flags> = ReturnType<typeof parseArgs<{ options: F }>>['values']

export const TEXT = { type: 'string' } as const
export const FLAG = { type: 'boolean' } as const

/** `parseArgs`, with UsageError for what it does not understand. */
export function flags<F extends Flags>(args: string[], options: F): Values<F> {
  try {
    return parseArgs({ args, options }).values as Values<F>
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

export function sizesArg(text: string): number[] {
  return text.split(',').map((one) => sizeArg(one, 1))
}

export function countsArg(name: string, text: string, least = 1): number[] {
  return text.split(',').map((one) => countArg(name, one, least))
}

/** One of a few words. */
export function wordArg<W extends string>(name: string, text: string, words: readonly W[]): W {
  const word = words.find((known) => known === text)
  if (word === undefined)
    throw new UsageError(`${name} is one of ${words.join(', ')}, not '${text}'`)
  return word
}
