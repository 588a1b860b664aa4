// ipc:// - Unix sockets (named pipes on Windows) that speak ZMTP 3.1: libzmq peers are welcome.
// Which file a bind may have is decided in ipc-path.ts.

import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Endpoint } from '../../core/endpoint.ts'
import { ZmqError } from '../../core/errors.ts'
import type { Connection, Host, Listener, Wire } from '../../core/transport.ts'
import { zmtpFor } from '../../wire/zmtp/zmtp.ts'
import { dial } from './dial.ts'
import { checkLength, SocketFile } from './ipc-path.ts'
import { listening } from './listening.ts'
import { StreamConnection } from './stream.ts'

/**
 * `ipc://path`, absolute or relative; `ipc://*` binds a new path in the system's temporary folder.
 *
 * `ipc://@name` is a name without a file (Linux). Node pads it with zero bytes to its full length
 * before Node 22, so there it meets peers that run on Node only, and no libzmq.
 */
export const ipc: Wire = {
  check: (endpoint) => void pathOf(endpoint),

  async dial(endpoint, { options }, signal) {
    const limits = { signal, timeoutMs: options.connectTimeout }
    return new StreamConnection(await dial({ path: pathOf(endpoint) }, limits), endpoint.text)
  },

  async listen(endpoint, host, onConnection) {
    if (endpoint.address !== '*') return listen(endpoint, host, onConnection)
    const folder = mkdtempSync(join(tmpdir(), 'zmq-'))
    const remove = (): void => rmSync(folder, { recursive: true, force: true })
    try {
      const address = join(folder, 'socket')
      const made = { ...endpoint, address, text: `ipc://${address}` }
      const listener = await listen(made, host, onConnection)
      return { ...listener, close: () => listener.close().finally(remove) }
    } catch (error) {
      remove()
      throw error
    }
  },

  protocol: zmtpFor,
}

async function listen(
  endpoint: Endpoint,
  { options }: Host,
  onConnection: (connection: Connection) => void,
): Promise<Listener> {
  const path = pathOf(endpoint)
  const address = `ipc://${endpoint.address}`
  const server = createServer((socket) => onConnection(new StreamConnection(socket, address)))
  const { backlog, ipcTakeOver } = options
  if (!isFile(path)) {
    await listening(server, { path, backlog })
    return { endpoint: address, close: async () => void server.close() }
  }
  const file = new SocketFile(path, endpoint.text)
  await listening(server, { path: file.temporary, backlog })
  try {
    await file.claim(ipcTakeOver)
  } catch (error) {
    server.close() // Node removes the temporary file
    throw error
  }
  return {
    endpoint: address,
    async close() {
      file.remove()
      server.close()
    },
  }
}

function isFile(path: string): boolean {
  return process.platform !== 'win32' && !path.startsWith('\0')
}

/** What Node takes as a path. Throws EINVAL and ENAMETOOLONG. */
function pathOf(endpoint: Endpoint): string {
  const path = endpoint.address
  if (process.platform === 'win32') return `\\\\.\\pipe\\${path.replaceAll('/', '\\')}`
  if (path === '@')
    throw new ZmqError('EINVAL', `The name is missing in ${endpoint.text}: write ipc://@name`, {
      address: endpoint.text,
    })
  checkLength(path, endpoint.text)
  return path.startsWith('@') ? `\0${path.slice(1)}` : path
}
