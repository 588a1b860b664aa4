// Flows as a Mermaid flowchart: one box per flow, one node per step, its shape telling who takes it.
// Pure; must not know files or colours. Source: Mermaid's flowchart syntax.
import type { ActionKey } from '../topic/action-key.ts'
import { type Flow, isDone, isPush } from './flow.ts'
import { type Knows, type Treatment, treatmentOf } from './flow-engine.ts'
import { groupAt } from './groups.ts'
import { leadsTo } from './loops.ts'

type Kind = Treatment | 'edge' // edge: where a flow starts or ends

const SHAPES: Record<Kind, readonly [open: string, close: string]> = {
  run: ['[', ']'],
  publish: ['{{', '}}'],
  wait: ['[/', '/]'],
  control: ['[[', ']]'],
  edge: ['([', '])'],
}

/** How a message leaves a step of each kind. */
const ARROWS: Record<Kind, string> = {
  run: '-->',
  edge: '-->',
  publish: '-.->|by a subscriber|',
  wait: '-.->|when resumed|',
  control: '-.->',
}

/** The whole chart. Steps that no mapping knows (`knows`) are drawn as published. */
export function mermaid(flows: readonly Flow[], knows: Knows): string {
  const ids = new Map(flows.map(({ name }, index) => [name, `f${index}`]))
  const boxes = flows.flatMap((flow) => boxOf(flow, ids.get(flow.name) as string, knows))
  const leads = leadsTo(flows).map(({ from, step, to }) => {
    return `  ${ids.get(from)}s${step} -.-> ${ids.get(to)}s0`
  })
  return ['flowchart LR', ...boxes, ...leads].join('\n')
}

function boxOf(flow: Flow, id: string, knows: Knows): string[] {
  const { name, steps } = flow
  const nodes = steps.map((step, i) => node(`${id}s${i}`, kindOf(step, knows), `${step}`))
  if (!steps.some(isDone)) nodes.push(node(`${id}s${steps.length}`, 'edge', '??done')) // assumed
  const lines = [...nodes, ...arrowsOf(flow, id, knows)].map((line) => `    ${line}`)
  return [`  subgraph ${id}["${escaped(name)}"]`, ...lines, '  end', ...caughtBy(flow, id, knows)]
}

/** From each step to the next, up to the first done; groups fan out and come together again. */
function arrowsOf({ steps, groups }: Flow, id: string, knows: Knows): string[] {
  const arrows: string[] = []
  const end = steps.some(isDone) ? steps.findIndex(isDone) : steps.length
  let before: number[] = []
  for (let first = 0; first <= end; first++) {
    const group = groupAt(groups, first)
    const stage = group ? range(group.first, group.end) : [first]
    for (const from of before) {
      const arrow = ARROWS[kindOf(steps[from] as ActionKey, knows)]
      for (const to of stage) arrows.push(`${id}s${from} ${arrow} ${id}s${to}`)
    }
    before = stage
    first = stage.at(-1) as number
  }
  return arrows
}

function caughtBy({ catchKey }: Flow, id: string, knows: Knows): string[] {
  if (!catchKey) return []
  const caught = node(`${id}c`, kindOf(catchKey, knows), `${catchKey}`)
  return [`  ${id} -.->|when a step fails| ${caught}`]
}

function range(first: number, end: number): number[] {
  return Array.from({ length: end - first }, (_, i) => first + i)
}

function node(id: string, kind: Kind, label: string): string {
  const [open, close] = SHAPES[kind]
  return `${id}${open}"${escaped(label)}"${close}`
}

function kindOf(step: ActionKey, knows: Knows): Kind {
  return isPush(step) || isDone(step) ? 'edge' : treatmentOf(step, knows)
}

/** Mermaid reads quotes, Markdown and HTML in labels: all but plain characters become `#code;`. */
function escaped(text: string): string {
  return text.replace(/[^\p{L}\p{M}\p{N} _?@]/gu, (char) => `#${char.codePointAt(0)};`)
}
