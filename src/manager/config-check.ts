// What is odd about a zmanager.ini that can be read: addresses that cannot be bound, names with a slip.
// Tries nothing: no port is opened, no module imported.

import { parseEndpoint, parseHostPort } from '../core/endpoint.ts'
import { transportFor } from '../core/transport.ts'
import type { Finding, Place } from '../flow/check.ts'
import type { IniSection } from '../flow/ini.ts'
import { nearest } from '../flow/near.ts'
import type { SourceFile, ZManagerConfig } from './config.ts'
import { SECTION, scanConfig } from './config-ini.ts'
import { SERVICE_KEYS } from './service/service-config.ts'

export const CONFIG_SECTIONS: readonly string[] = [SECTION, 'ServiceManagementConfiguration']
const HOSTS_AND_PORTS = ['tcp', 'zmtp', 'ws', 'wss']
const SAME_HOSTS: Readonly<Record<string, string>> = { localhost: '127.0.0.1', '*': '0.0.0.0' }

/** Where a key of a section stands; where the section does, if it says nothing of the key. */
type PlaceOf = (section: string, key: string) => Place

/** `flows` are the names of those there are; undefined: not all are known. */
export function checkConfig(
  source: SourceFile,
  config: ZManagerConfig,
  flows: readonly string[] | undefined,
): Finding[] {
  const { sections } = scanConfig(source)
  const placeOf = placesIn(source)
  return [
    ...checkAddresses(config, placeOf),
    ...slipsInSections(sections, source.file, CONFIG_SECTIONS),
    ...slipsInServices(config, sections, placeOf),
    ...unlistedServices(config, sections, source.file),
    ...(flows ? unknownFlows(config, flows, placeOf) : []),
  ]
}

export function placesIn(source: SourceFile): PlaceOf {
  const { sections } = scanConfig(source)
  return (name, key) => {
    const section = sections.filter((one) => one.name === name).at(-1)
    const entry = section?.entries.filter((one) => one.key === key).at(-1)
    return { file: source.file, line: entry?.line ?? section?.line ?? 1 }
  }
}

/** Of each section whose name is nearly one of these; one with steps is a flow, whatever its name. */
export function slipsInSections(
  sections: readonly IniSection[],
  file: string,
  known: readonly string[],
): Finding[] {
  return sections.flatMap(({ name, line, entries }) => {
    const meant = nearest(name, known)
    if (meant === undefined || entries.some(({ value }) => value === undefined)) return []
    const message = `nobody reads the section [${name}]: did you mean [${meant}]?`
    return [{ severity: 'error' as const, code: 'unknown-section', message, file, line }]
  })
}

function checkAddresses(config: ZManagerConfig, placeOf: PlaceOf): Finding[] {
  const doors: [key: string, address: string | undefined][] = [
    ['subject_pull_address', config.subjectPullAddress],
    ['subject_push_address', config.subjectPushAddress],
    ['integration_manager_pull_address', config.integrationManagerPullAddress],
    ['integration_manager_pub_address', config.integrationManagerPubAddress],
    ['control_address', config.controlAddress],
  ]
  const known = new Map<string, string>()
  return doors.flatMap(([key, address]) => {
    if (address === undefined) return []
    const place = placeOf('ZManagerConfiguration', key)
    let same: string | undefined
    try {
      same = sameAs(address)
    } catch (error) {
      const message = `${key}: ${(error as Error).message}`
      return [{ severity: 'error' as const, code: 'bad-address', message, ...place }]
    }
    const other = same === undefined ? undefined : known.get(same)
    if (same !== undefined) known.set(same, key)
    if (other === undefined) return []
    const message = `${key} and ${other} are both ${address}: give each an address of its own`
    return [{ severity: 'error' as const, code: 'same-address', message, ...place }]
  })
}

/**
 * What two addresses have in common that cannot both be bound; undefined where the system chooses.
 * Throws for one that cannot be bound at all.
 */
function sameAs(address: string): string | undefined {
  const endpoint = parseEndpoint(address)
  transportFor(endpoint)
  const { scheme } = endpoint
  if (!HOSTS_AND_PORTS.includes(scheme)) return address.includes('*') ? undefined : address
  const { host, port, path } = parseHostPort(endpoint, 'bind')
  if (port === 0) return undefined
  const name = SAME_HOSTS[host.toLowerCase()] ?? host.toLowerCase()
  return `${scheme === 'zmtp' ? 'tcp' : scheme} ${name} ${port} ${path}`
}

/** A service may have keys of its own: only what is nearly one of ours, where that is missing, is odd. */
function slipsInServices(
  { services }: ZManagerConfig,
  sections: readonly IniSection[],
  placeOf: PlaceOf,
): Finding[] {
  const ids = new Set(services?.services.map(({ id }) => id))
  return sections
    .filter(({ name }) => ids.has(name))
    .flatMap(({ name, entries }) => {
      const given = entries.map(({ key }) => key)
      const missing = SERVICE_KEYS.filter((key) => !given.includes(key))
      return given.flatMap((key) => {
        const meant = SERVICE_KEYS.includes(key) ? undefined : nearest(key, missing)
        if (meant === undefined) return []
        const message = `${key} is a key of service ${name} itself: did you mean ${meant}?`
        return [{ severity: 'warning' as const, code: 'unclear', message, ...placeOf(name, key) }]
      })
    })
}

/** Sections that look like services, which nobody starts. */
function unlistedServices(
  { services }: ZManagerConfig,
  sections: readonly IniSection[],
  file: string,
): Finding[] {
  const known = new Set([...CONFIG_SECTIONS, ...(services?.services ?? []).map(({ id }) => id)])
  return sections
    .filter(({ name, entries }) => !known.has(name) && entries.some(({ key }) => key === 'module'))
    .map(({ name, line }): Finding => {
      const message = `nobody starts service ${name}: name it in services of [ServiceManagementConfiguration]`
      return { severity: 'warning', code: 'unlisted-service', message, file, line }
    })
}

/** Flows whose ends a service is to get, and that nobody knows. */
function unknownFlows(
  { services }: ZManagerConfig,
  flows: readonly string[],
  placeOf: PlaceOf,
): Finding[] {
  return (services?.services ?? []).flatMap(({ id, flows: wanted }) =>
    wanted
      .filter((flow) => !flows.includes(flow))
      .map((flow): Finding => {
        const meant = nearest(flow, flows)
        const hint = meant === undefined ? '' : `: did you mean ${meant}?`
        const message = `service ${id} wants the ends of ${flow}, and there is no such flow${hint}`
        return { severity: 'warning', code: 'unknown-flow', message, ...placeOf(id, 'flows') }
      }),
  )
}
