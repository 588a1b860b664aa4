// Endpoints that no other test uses. What they leave on disk goes when the process ends.
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { threadId } from 'node:worker_threads'
import { temporary } from './temporary.ts'

export type Scheme = 'inproc' | 'ipc' | 'tcp' | 'zmtp' | 'ws'

let count = 0
let folder: string | undefined

/** An endpoint to bind; afterwards `lastEndpoint` tells where to connect. */
export function endpoint(scheme: Scheme): string {
  count++
  if (scheme === 'inproc') return `inproc://test-${process.pid}-${threadId}-${count}`
  if (scheme !== 'ipc') return `${scheme}://127.0.0.1:0`
  folder ??= temporary()
  return `ipc://${join(folder, `${count}.sock`)}`
}

/** An endpoint to connect to before somebody binds it: nobody listens there. */
export async function vacant(scheme: Scheme): Promise<string> {
  if (scheme === 'inproc' || scheme === 'ipc') return endpoint(scheme)
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return `${scheme}://127.0.0.1:${port}`
}
