// A ZManager that runs, as commands find and ask it. Not in here: what it can be asked
// (src/manager/control-commands.ts).

import { ZmqError } from '../index.ts'
import { controlPlaceIn } from '../manager/config.ts'
import { ControlClient } from '../manager/control/control-client.ts'
import { checkFolder } from '../manager/control/control-place.ts'
import { isEndpoint } from './address.ts'
import { Failure, UsageError } from './command.ts'

export const TARGET_HELP = `  zmanager.ini    that of the running ZManager; or its control endpoint, such as tcp://host:port`

/** The control endpoint that a word of a command line means: itself, or that of a zmanager.ini. */
export function controlAddressOf(target: string): string {
  if (isEndpoint(target)) return target
  const { controlAddress, controlIsDefault } = controlPlaceIn(target)
  if (controlAddress === undefined)
    throw new UsageError(`${target} names no control_address: such a ZManager cannot be reached`)
  if (controlIsDefault) checkFolder(controlAddress)
  return controlAddress
}

/** The one who runs there; to be closed. Rejects with Failure when nobody does. */
export async function connectTo(target: string): Promise<ControlClient> {
  const address = controlAddressOf(target)
  if (address.startsWith('inproc:'))
    throw new UsageError(`${address} is inside another process: only that can ask there`)
  try {
    return await ControlClient.connect(address)
  } catch (error) {
    if (!(error instanceof ZmqError) || error.code !== 'ECONNREFUSED') throw error
    throw new Failure(error.code, `No ZManager runs for ${target}: nobody answers at ${address}`)
  }
}

/** Connects, asks, and closes. What the ZManager refuses is a Failure. */
export async function askRunning<T>(
  target: string,
  ask: (client: ControlClient) => Promise<T>,
): Promise<T> {
  const client = await connectTo(target)
  try {
    return await ask(client)
  } catch (error) {
    throw failureOf(error)
  } finally {
    await client.close()
  }
}

/** What a ZManager answered, or that it has gone: nothing that another command line would mend. */
export function failureOf(error: unknown): unknown {
  return error instanceof ZmqError ? new Failure(error.code, error.message, error) : error
}
