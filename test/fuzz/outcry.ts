// What escapes: exceptions and rejections that nobody caught, collected for the test to fail on.
const escaped: unknown[] = []

for (const what of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(what, (error) => void escaped.push(error))
}

/** Throws if anything has escaped. */
export function assertQuiet(): void {
  if (escaped.length > 0) throw new Error(`${escaped.length} escaped`, { cause: escaped[0] })
}
