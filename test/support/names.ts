// Look-ups of host names answered by the test.
import dns from 'node:dns'

/** Runs with every look-up of a name answered from `table`; returns the families asked for. */
export async function withNames<T>(
  table: { address: string; family: 4 | 6 }[],
  run: () => Promise<T>,
): Promise<{ result: T; families: unknown[] }> {
  const own = dns.lookup
  const families: unknown[] = []
  dns.lookup = ((_name: string, options: dns.LookupOptions, done: (...all: unknown[]) => void) => {
    families.push(options.family)
    const fit = table.filter(({ family }) => !options.family || options.family === family)
    if (options.all) queueMicrotask(() => done(null, fit))
    else queueMicrotask(() => done(null, fit[0]?.address, fit[0]?.family))
  }) as typeof dns.lookup
  try {
    return { result: await run(), families }
  } finally {
    dns.lookup = own
  }
}

/** Runs with look-ups of names that never end. */
export async function withoutAnswer<T>(run: () => Promise<T>): Promise<T> {
  const own = dns.lookup
  dns.lookup = (() => {}) as unknown as typeof dns.lookup
  try {
    return await run()
  } finally {
    dns.lookup = own
  }
}
