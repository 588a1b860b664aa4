// zmanager run --serve: a ZManager that runs for others until somebody ends it.

import type { ZManager } from '../index.ts'
import { type EndSignal, exitCodeOf, onFirstSignal } from './signals.ts'
import { summaryLines } from './summary.ts'

/** Runs a ZManager until a signal, or `zmanager finish`; resolves with the exit code. */
export async function serve(
  manager: ZManager,
  report: (text: string) => void,
  json: boolean,
): Promise<number> {
  const starting = manager.start()
  let asked: EndSignal | undefined
  onFirstSignal((signal) => {
    asked = signal
    report('finishing what was accepted (once more: end at once)')
    void manager.finish()
  })
  try {
    await starting
  } catch (error) {
    if (asked === undefined) throw error
    report((error as Error).message) // a signal to the whole group may have ended what was just starting
    return exitCodeOf(asked)
  }
  const startedAt = performance.now()
  const endpoints = endpointsOf(manager)
  if (json) report(JSON.stringify({ endpoints }))
  else for (const [key, address] of Object.entries(endpoints)) report(`${key} ${address}`)
  await manager.ended
  await manager.stop() // those who asked for the end have their answer then
  const totals = manager.totals()
  const seconds = (performance.now() - startedAt) / 1000
  for (const line of summaryLines({ ...totals, malformed: 0, seconds }, json)) report(line)
  return (totals.failures['ESTOPPED'] ?? 0) > 0 ? 1 : 0
}

/** By their keys in zmanager.ini, as one connects to them. */
function endpointsOf(manager: ZManager): Record<string, string> {
  return {
    subject_pull_address: manager.pullAddress,
    subject_push_address: manager.pushAddress,
    integration_manager_pub_address: manager.pubAddress,
    ...(manager.controlAddress !== undefined && { control_address: manager.controlAddress }),
  }
}
