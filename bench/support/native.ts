// Native zeromq (npm `zeromq`, libzmq inside): the baseline. It may be missing on a machine.

import { createRequire } from 'node:module'

export type Native = typeof import('zeromq')

/** Loads it; rejects with a reason for people. */
export async function loadNative(): Promise<Native> {
  try {
    return await import('zeromq')
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error)
    throw new Error(`native zeromq cannot be loaded: ${reason}`)
  }
}

/** Its versions, or why it is not there. */
export async function nativeVersions(): Promise<
  { zeromq: string; libzmq: string } | { missing: string }
> {
  try {
    const { version: libzmq } = await loadNative()
    const { version: zeromq } = createRequire(import.meta.url)('zeromq/package.json') as {
      version: string
    }
    return { zeromq, libzmq }
  } catch (error) {
    return { missing: (error as Error).message }
  }
}
