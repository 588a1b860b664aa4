// Finds the service that a target names: an object with `start`, or a class of such objects, of which one
// is made without arguments.

import { ZmqError } from '../../core/errors.ts'
import { importUrl } from '../host/typescript.ts'
import type { Target } from '../program/program.ts'
import { moduleOf } from '../worker/handler-module.ts'
import type { Service } from './service.ts'

type Exports = Record<string, unknown>

/** Rejects with EINVAL or ENOENT saying what to change in the file that names it. */
export async function loadService(target: Target): Promise<Service> {
  const { url, path } = moduleOf(target)
  const module = await importModule(url, target)
  const found = path.split('.').reduce<unknown>((owner, name) => (owner as Exports)?.[name], module)
  if (isService(found)) return found
  if (typeof found === 'function' && isService(found.prototype))
    return made(found as unknown as new () => Service, target)
  const exports = Object.keys(module).join(', ') || 'nothing'
  const hint = `no service with a function start (the module exports ${exports})`
  throw new ZmqError('ENOENT', `${target.file}: '${target.text}' is ${hint}`)
}

async function importModule(url: string, { file, text }: Target): Promise<Exports> {
  try {
    return await importUrl(url)
  } catch (error) {
    const reason = (error as Error).message
    throw new ZmqError('ENOENT', `${file}: cannot import '${text}': ${reason}`, { cause: error })
  }
}

function isService(found: unknown): found is Service {
  if (found === null || (typeof found !== 'object' && typeof found !== 'function')) return false
  return typeof (found as Partial<Service>).start === 'function'
}

function made(Type: new () => Service, { file, text }: Target): Service {
  try {
    return new Type()
  } catch (error) {
    const reason = `its class cannot be made without arguments: ${(error as Error).message}`
    throw new ZmqError('EINVAL', `${file}: '${text}': ${reason}`, { cause: error })
  }
}
