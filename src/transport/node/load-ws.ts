// The package `ws`, loaded when a WebSocket is made. Where it cannot be loaded, in a bundle or for want of
// it, connecting again does not help: that is said once, aloud.

import { ZmqError } from '../../core/errors.ts'

let isTold = false

/** Rejects with ENOTSUP. */
export async function loadWs(): Promise<typeof import('ws')> {
  try {
    return await import('ws')
  } catch (cause) {
    const needs = `tcp:// and ws:// need the package ws, which cannot be loaded: ${(cause as Error).message}`
    const error = new ZmqError('ENOTSUP', `${needs} (bundlers have to leave zmanager external)`, {
      cause,
    })
    if (!isTold) process.emitWarning(error.message, 'ZmqWarning')
    isTold = true
    throw error
  }
}
