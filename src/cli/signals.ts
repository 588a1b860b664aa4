// SIGINT (Ctrl-C), SIGTERM and SIGHUP (the terminal was closed): the first asks for the end, the second is
// the end.

import { exit } from './exit.ts'

const CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const
export type EndSignal = keyof typeof CODES

/** The exit code that says which signal ended a process. */
export function exitCodeOf(signal: EndSignal): number {
  return CODES[signal]
}

/** Calls `first` with the first of them; any later one ends the process at once with its exit code. */
export function onFirstSignal(first: (signal: EndSignal) => void): void {
  let isAsked = false
  const asked = (signal: EndSignal): void => {
    if (isAsked) exit(CODES[signal])
    isAsked = true
    first(signal)
  }
  for (const signal of Object.keys(CODES) as EndSignal[]) process.on(signal, asked)
}
