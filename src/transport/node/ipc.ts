// ipc:// - Unix sockets (named pipes on Windows) that speak ZMTP 3.1: libzmq peers are welcome.

import { existsSync, mkdtempSync, rmSync, statSync, unlinkSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Endpoint } from '../../core/endpoint.ts'
import { ZmqError } from '../../core/errors.ts'
import type { Wire } from '../../core/transport.ts'
import { zmtpFor } from '../../wire/zmtp/zmtp.ts'
import { dial, listening } from './listening.ts'
import { StreamConnection } from './stream.ts'

/** Longest path of a Unix socket address, bytes (sun_path without its final NUL). */
const LONGEST_PATH = 107

export const ipc: Wire = {
  check: (endpoint) => void pathOf(endpoint),

  async dial(endpoint, host, signal) {
    const socket = await dial({ path: pathOf(endpoint) }, signal, host.options.connectTimeout)
    return new StreamConnection(socket, endpoint.text)
  },

  async listen(endpoint, host, onConnection) {
    const wildcard = endpoint.address === '*'
    const path = wildcard ? join(mkdtempSync(join(tmpdir(), 'zmq-')), 'socket') : pathOf(endpoint)
    checkFolder(path, endpoint)
    await removeStale(path, endpoint)
    const address = `ipc://${wildcard ? path : endpoint.address}`
    const server = createServer((socket) => onConnection(new StreamConnection(socket, address)))
    await listening(server, { path, backlog: host.options.backlog })
    return {
      endpoint: address,
      async close() {
        server.close() // Node removes the socket file
        if (wildcard) rmSync(dirname(path), { recursive: true, force: true })
      },
    }
  },

  protocol: zmtpFor,
}

function pathOf(endpoint: Endpoint): string {
  const path = endpoint.address
  if (process.platform === 'win32') return `\\\\.\\pipe\\${path.replaceAll('/', '\\')}`
  if (path === '@')
    throw new ZmqError('EINVAL', `The name is missing in ${endpoint.text}: write ipc://@name`, {
      address: endpoint.text,
    })
  if (path.startsWith('@')) return `\0${path.slice(1)}`
  if (Buffer.byteLength(path) > LONGEST_PATH) {
    const message = `The path of ${endpoint.text} is longer than ${LONGEST_PATH} bytes: choose a shorter one`
    throw new ZmqError('ENAMETOOLONG', message, { address: endpoint.text })
  }
  return path
}

/** libuv reports a missing folder as EACCES. */
function checkFolder(path: string, { text }: Endpoint): void {
  if (path.startsWith('\0') || process.platform === 'win32' || existsSync(dirname(path))) return
  throw new ZmqError('ENOENT', `Cannot bind ${text}: there is no folder ${dirname(path)}`, {
    address: text,
  })
}

/** A socket file that nobody listens on any more is in the way of bind; a live one is not ours to take. */
async function removeStale(path: string, endpoint: Endpoint): Promise<void> {
  if (path.startsWith('\0') || !statSync(path, { throwIfNoEntry: false })?.isSocket()) return
  const live = await new Promise<boolean>((resolve) => {
    const probe = connect({ path }, () => resolve(true))
    probe.once('error', () => resolve(false))
    probe.once('close', () => probe.destroy())
    probe.once('connect', () => probe.destroy())
  })
  if (live)
    throw new ZmqError('EADDRINUSE', `Address already in use: ${endpoint.text}`, {
      address: endpoint.text,
    })
  unlinkSync(path)
}
