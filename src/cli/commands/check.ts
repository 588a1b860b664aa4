// zmanager check: what is odd about flows, mappings and a zmanager.ini, before anything runs.
// Not in here: the rules (src/flow/check.ts, src/manager/config-check.ts), the chart (src/flow/mermaid.ts).

import { isAbsolute, relative, sep } from 'node:path'
import { check as checkFlows, type Finding } from '../../flow/check.ts'
import { mermaid } from '../../flow/mermaid.ts'
import { ActionKey } from '../../index.ts'
import { checkConfig } from '../../manager/config-check.ts'
import { locate } from '../../manager/program/places.ts'
import { type Paint, paintFor } from '../colour.ts'
import { type Command, parseFlags, USUAL_FILE, UsageError } from '../command.ts'
import { checkImports } from '../import-check.ts'
import { modulesIn, readSources, type Sources } from '../sources.ts'

const HELP = `Usage: zmanager check [zmanager.ini | flow and action files ...] [options]

Reads flows, mappings and a zmanager.ini, imports handlers and services, and tells what is wrong or odd,
one line each as file:line: severity: message (code). Without a file it reads ./zmanager.ini.

  --subscriber KEY   somebody subscribes to this (Sender?Context@Decorator?Action, a gap is any); may be
                     given several times. Sections [servicemapping] of action files count as well
  --no-import        do not import handlers, services and modules: nothing of theirs runs, and what
                     modules define is not known
  --strict           warnings count as errors
  --json             {"findings": [{severity, code, message, file, line}], "errors": n, "warnings": n}
  --mermaid          the flows as a Mermaid flowchart on stdout, the findings on stderr

Errors: unknown-action, missing-handler, missing-module, missing-service, unreachable-step, late-push, bad-address,
same-address, unknown-section, unreadable, config.
Warnings: missing-done, repeated-step, unused-mapping, unknown-decorator, unknown-flow, unlisted-service,
no-subscriber, flow-loop, ends-early, duplicate, skipped-line, unclear.

Exit code: 0 no errors, 1 errors (with --strict: or warnings), 2 wrong usage, or a file that cannot be read.
Colour only on a terminal, and not with NO_COLOR.

Examples:
  zmanager check examples/earthquakes/zmanager.ini
  zmanager check flows.ini actions.ini --subscriber '?Movies@PUBLISH?' --strict
  zmanager check --mermaid > flows.mmd`

interface Options {
  readonly files: readonly string[]
  readonly subscribers: readonly ActionKey[]
  readonly imports: boolean
  readonly strict: boolean
  readonly format: 'text' | 'json' | 'mermaid'
}

export const check: Command = {
  name: 'check',
  summary: 'find mistakes in flows and mappings, draw the flows',
  help: HELP,
  run: (args) => runCheck(parse(args)),
}

const FLAGS = {
  subscriber: { type: 'string', multiple: true },
  'no-import': { type: 'boolean' },
  strict: { type: 'boolean' },
  json: { type: 'boolean' },
  mermaid: { type: 'boolean' },
} as const

function parse(args: readonly string[]): Options {
  const { values, positionals } = parseFlags(args, FLAGS)
  const { json, mermaid: chart, strict = false } = values
  if (json && chart) throw new UsageError('check prints --json or --mermaid, not both')
  return {
    files: positionals.length > 0 ? positionals : [USUAL_FILE],
    subscribers: (values.subscriber ?? []).map((text) => ActionKey.parse(text)),
    imports: !values['no-import'],
    strict,
    format: json ? 'json' : chart ? 'mermaid' : 'text',
  }
}

async function runCheck({ files, subscribers, imports, strict, format }: Options): Promise<number> {
  const sources = readSources(files, imports ? await modulesIn(files) : undefined)
  const findings = await findingsOf(sources, subscribers, imports)
  const errors = findings.filter(({ severity }) => severity === 'error').length
  const warnings = findings.length - errors
  if (format === 'json') console.log(JSON.stringify({ findings, errors, warnings }))
  if (format === 'mermaid') {
    console.log(mermaid(sources.flows, (key) => sources.actions.resolve(key) !== undefined))
    for (const finding of findings) console.error(lineOf(finding, paintFor(process.stderr)))
  }
  if (format === 'text') {
    for (const finding of findings) console.log(lineOf(finding, paintFor(process.stdout)))
    console.log(summaryOf(sources, errors, warnings))
  }
  return errors > 0 || (strict && warnings > 0) ? 1 : 0
}

async function findingsOf(
  sources: Sources,
  given: readonly ActionKey[],
  imports: boolean,
): Promise<Finding[]> {
  const { flows, actions, decorators, flowFiles, actionFiles, configs } = sources
  const known = [...sources.subscribers, ...given]
  const places = locate(flows, flowFiles, actionFiles)
  const names = flows.map(({ name }) => name)
  const subscribers = known.length > 0 ? known : undefined
  const all = [
    ...sources.findings,
    ...checkFlows({ flows, actions, subscribers, places, decorators }),
    ...configs.flatMap(({ source, config }) => {
      const isSure = imports || !config.modules?.length // what modules define is known, too
      return checkConfig(source, config, isSure ? names : undefined)
    }),
    ...(imports ? await checkImports(actions, places, configs) : []),
  ]
  return sorted(once(all)).map((one) => (one.file ? { ...one, file: shortened(one.file) } : one))
}

/** Loader and checker both tell of a missing done and a repeated step. */
function once(findings: readonly Finding[]): Finding[] {
  const text = ({ code, file, line, message }: Finding) => `${file}:${line}: ${message} (${code})`
  return [...new Map(findings.map((one) => [text(one), one])).values()]
}

/** By file, in the order in which the first finding of each was made, then by line. */
function sorted(findings: readonly Finding[]): Finding[] {
  const files = [...new Set(findings.map(({ file }) => file))]
  return [...findings].sort(
    (a, b) => files.indexOf(a.file) - files.indexOf(b.file) || (a.line ?? 0) - (b.line ?? 0),
  )
}

function shortened(file: string): string {
  const path = relative(process.cwd(), file)
  return isAbsolute(path) || path.startsWith(`..${sep}`) ? file : path
}

function lineOf({ severity, code, message, file, line }: Finding, paint: Paint): string {
  const place = file === undefined ? '' : `${file}${line === undefined ? '' : `:${line}`}: `
  const colour = severity === 'error' ? 'red' : 'yellow'
  return `${place}${paint(colour, `${severity}:`)} ${message} ${paint('dim', `(${code})`)}`
}

function summaryOf({ flows, actions }: Sources, errors: number, warnings: number): string {
  const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`
  const steps = flows.reduce((sum, flow) => sum + flow.steps.length, 0)
  const read = `${count(flows.length, 'flow')}, ${count(steps, 'step')}, ${count(actions.entries().length, 'mapping')}`
  return `${count(errors, 'error')}, ${count(warnings, 'warning')} in ${read}`
}
