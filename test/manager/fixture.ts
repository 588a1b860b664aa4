// A small ZManager for tests: its files in a fresh folder, its endpoints of one scheme.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ZManager as Manager, type ZManager } from '../../src/index.ts'
import { endpoint, type Scheme, within } from '../support/index.ts'
import { temporary } from '../support/temporary.ts'

const FLOWS = `
[Work]
?Work?Push
Subject?Work?First
First?Work?Second
??done

[Announce]
?Announce?Push
Subject?Announce@PUBLISH?news
??done

[Empty]

[Waits]
?Waits?Push
Subject?Work?First
?Waits@ASYNC?answer
??done

[WaitsAtOnce]
?Waits?Push
?Waits@ASYNC?answer
??done
`

const ACTIONS = `
[actionmapping]
?Work?First = ./handlers.mjs#first
?Work?Second = ./handlers.mjs#steps.second
?Test?Tame = ./handlers.mjs#tame
`

const HANDLERS = `
import { existsSync } from 'node:fs'
export async function first(values, context) {
  if (values.fail) throw Object.assign(new Error('as asked'), { code: values.fail })
  if (values.exit) process.exit(3)
  if (values.hang) await new Promise(() => setInterval(() => {}, 1000))
  if (values.tell) await context.publish('Test?Told@PUBLISH?told', { by: context.worker })
  return { ...values, first: true }
}
let loop = true
export async function tame(values, { worker }) {
  if (values.exit && !existsSync(values.exit)) process.exit(3)
  if (values.loop && !existsSync(values.loop)) while (loop);
  if (values.ms) await new Promise((resolve) => setTimeout(resolve, values.ms))
  return { ...values, worker }
}
export const steps = { suffix: '!', second(values) { return { ...values, second: this.suffix } } }
`

export interface Settings {
  readonly workers?: number
  readonly restarts?: number
  readonly prefetch?: number
  readonly finishMs?: number
  /** More lines of zmanager.ini; more sections of its flow file. */
  readonly lines?: string
  /** More sections of zmanager.ini. */
  readonly sections?: string
  readonly flows?: string
  /** Called with each report, too. */
  readonly told?: (text: string) => void
}

/** The path of a zmanager.ini with its flows, actions and handlers beside it. */
export function writeFixture(scheme: Scheme, settings: Settings = {}): string {
  const folder = temporary()
  writeFileSync(join(folder, 'flows.ini'), FLOWS + (settings.flows ?? ''))
  writeFileSync(join(folder, 'actions.ini'), ACTIONS)
  writeFileSync(join(folder, 'handlers.mjs'), HANDLERS)
  const file = join(folder, 'zmanager.ini')
  const { workers = 2, restarts = 5, prefetch = 100 } = settings
  writeFileSync(
    file,
    `[ZManagerConfiguration]
subject_pull_address = ${endpoint(scheme)}
subject_push_address = ${endpoint(scheme)}
integration_manager_pull_address = ${endpoint(scheme)}
integration_manager_pub_address = ${endpoint(scheme)}
worker_count = ${workers}
worker_restarts = ${restarts}
worker_prefetch = ${prefetch}
${settings.lines ?? ''}
flows = flows.ini
actions = actions.ini
${settings.sections ?? ''}
`,
  )
  return file
}

/** Runs `body` with a started ZManager; `reports` collects what it tells its operator. */
export async function withManager(
  scheme: Scheme,
  settings: Settings,
  body: (manager: ZManager, reports: string[]) => Promise<void>,
): Promise<void> {
  const reports: string[] = []
  const manager = Manager.fromFile(writeFixture(scheme, settings), {
    report: (text) => {
      reports.push(text)
      settings.told?.(text)
    },
    finishMs: settings.finishMs ?? 5000,
  })
  await within(20_000, manager.start(), 'the manager starts')
  try {
    await body(manager, reports)
  } finally {
    await within(10_000, manager.stop(), 'the manager stops')
  }
}
