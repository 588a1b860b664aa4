// Words of a command line that say where something is: an endpoint, or a zmanager.ini that names it.

import { existsSync } from 'node:fs'
import { loadConfig, type ZManagerConfig } from '../index.ts'
import { reachable } from '../manager/config.ts'
import { UsageError } from './command.ts'

type AddressKey = 'subjectPullAddress' | 'integrationManagerPubAddress'

export function isEndpoint(word: string): boolean {
  return /^[a-z]+:\/\//i.test(word)
}

/** Throws UsageError for what is neither, and for an address that other processes cannot reach. */
export function addressOf(word: string, key: AddressKey): string {
  if (!isEndpoint(word) && !existsSync(word))
    throw new UsageError(`'${word}' is no endpoint such as tcp://host:port, and no file`)
  const address = isEndpoint(word) ? word : inFile(word, loadConfig(word), key)
  if (address.startsWith('inproc:'))
    throw new UsageError(`${address} is inside another process: use ipc:// or tcp://`)
  return address
}

function inFile(file: string, config: ZManagerConfig, key: AddressKey): string {
  const address = config[key]
  if (!/\/\/\*$|:(\*|0)$/.test(address)) return reachable(address)
  throw new UsageError(`${file} leaves the address open (${address}): name the real one`)
}
