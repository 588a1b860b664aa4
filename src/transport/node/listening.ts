// What every listening Node server here needs: a listen that rejects.

import type { ListenOptions, Server } from 'node:net'

/** Resolves when `server` listens; it keeps no process alive. */
export function listening(server: Server, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(options, () => {
      server.off('error', reject)
      server.on('error', () => {}) // an accept that failed: the server goes on
      server.unref()
      resolve()
    })
  })
}
