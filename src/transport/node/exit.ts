// The end of a Node process or thread that ends by itself: what was sent is delivered first, for as
// long as each socket's linger allows (process.exit() cannot be held up).

import { closeAllSockets, countUnsent } from '../../core/pipe-set.ts'

const WARN_AFTER_MS = 500

let closing = false

/** To be called once per thread. */
export function lingerAtExit(): void {
  process.on('beforeExit', () => {
    if (closing) return
    closing = true
    const warning = setTimeout(warn, WARN_AFTER_MS)
    void closeAllSockets().then(() => {
      closing = false
      clearTimeout(warning)
    })
  })
}

function warn(): void {
  const count = countUnsent()
  if (count === 0) return
  const hint = 'set linger on their sockets to limit this'
  process.emitWarning(`Waiting for ${count} queued messages to be delivered (${hint})`)
}
