// What both ends of a latency test agree on.

/** Round trips made before the measured ones, so that code and connection are warm. */
export function warmUpTrips(count: number): number {
  return Math.min(count, 2000)
}

/** Throws if a message has not the size both ends were started with. */
export function checkSize(message: readonly Uint8Array[], size: number): void {
  const got = message[0]?.length
  if (message.length !== 1 || got !== size)
    throw new Error(`message of incorrect size received: ${got} instead of ${size} bytes`)
}
