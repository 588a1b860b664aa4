// Who does the same small task in the same number of threads: ZManager, to a subscriber and as a request,
// and thread pools. Each is started once and stays up; what is measured is from the first task to
// the last result.

import { loadZmanager } from './library.ts'

export interface Contestant {
  readonly name: string
  /** Does `count` tasks with a handler; resolves when the last result is there. */
  run(handler: string, count: number): Promise<void>
  close(): Promise<unknown>
}

/** A task and its result, one at a time. */
type RunOne = (handler: string, values: { i: number }) => Promise<unknown>

/** `pushed`: each result goes to a subscriber. `asked`: to who asked. Flows are named as their handlers. */
export async function zmanagers(
  ini: string,
  handlers: readonly string[],
  window: number,
): Promise<Contestant[]> {
  const { ActionKey, ZManager } = await loadZmanager()
  const manager = ZManager.fromFile(ini)
  await manager.start()
  const subscribed = handlers.map(async (flow) => {
    return [flow, await manager.subscribe(ActionKey.of({ flow })).ready()] as const
  })
  const results = new Map(await Promise.all(subscribed))
  const pushed = async (handler: string, count: number): Promise<void> => {
    const subscriber = results.get(handler)
    const reading = (async () => {
      for (let seen = 0; seen < count; seen++) await subscriber?.receive()
    })()
    for (let i = 0; i < count; i++) await manager.push(handler, { i })
    await reading
  }
  const request: RunOne = (flow, values) => manager.request(flow, values)
  const close = async (): Promise<void> => {
    for (const subscriber of results.values()) await subscriber.close()
    await manager.stop()
  }
  return [
    { name: 'zmanager, to a subscriber', run: pushed, close },
    { name: 'zmanager, request', run: windowed(request, window), close: async () => {} },
  ]
}

export async function piscina(
  filename: string,
  threads: number,
  window: number,
): Promise<Contestant> {
  const { Piscina } = await import('piscina')
  const pool = new Piscina({ filename, minThreads: threads, maxThreads: threads })
  const run: RunOne = (name, values) => pool.run(values, { name })
  return { name: 'piscina', run: windowed(run, window), close: () => pool.destroy() }
}

export async function tinypool(
  filename: string,
  threads: number,
  window: number,
): Promise<Contestant> {
  const { default: Tinypool } = await import('tinypool')
  const pool = new Tinypool({ filename, minThreads: threads, maxThreads: threads })
  const run: RunOne = (name, values) => pool.run(values, { name })
  return { name: 'tinypool', run: windowed(run, window), close: () => pool.destroy() }
}

/** As many tasks under way at a time as `window` says. */
function windowed(one: RunOne, window: number): Contestant['run'] {
  return async (handler, count) => {
    let next = 0
    const line = async (): Promise<void> => {
      while (next < count) await one(handler, { i: next++ })
    }
    await Promise.all(Array.from({ length: window }, line))
  }
}
