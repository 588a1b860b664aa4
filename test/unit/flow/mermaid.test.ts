// Flows as Mermaid flowcharts: shapes by who takes a step, names that cannot break the chart.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadFlows } from '../../../src/flow/load.ts'
import { mermaid } from '../../../src/flow/mermaid.ts'
import type { ActionKey } from '../../../src/topic/action-key.ts'

const chart = (text: string, ...mapped: string[]): string[] => {
  const knows = (key: ActionKey) => mapped.includes(key.action)
  const lines = mermaid(loadFlows(text, 'f.ini').flows, knows).split('\n')
  return lines.map((line) => line.trim())
}

test('a flow is a box of its steps, one arrow after the other', () => {
  assert.equal(chart('[F]\n?c?Push\nS?c?a\n??done', 'a'), [
    'flowchart LR',
    'subgraph f0["F"]',
    'f0s0(["?c?Push"])',
    'f0s1["S?c?a"]',
    'f0s2(["??done"])',
    'f0s0 --> f0s1',
    'f0s1 --> f0s2',
    'end',
  ])
})

test('published, waiting and unmapped steps have shapes and arrows of their own', () => {
  const lines = chart('[F]\n?c@PUBLISH?ask\n?c@ASYNC?answer\n?c?nobody\n?@ROUTING_WORKER?u\n??done')
  for (const line of [
    'f0s0{{"?c@PUBLISH?ask"}}',
    'f0s1[/"?c@ASYNC?answer"/]',
    'f0s2{{"?c?nobody"}}',
    'f0s3[["?@ROUTING#95;WORKER?u"]]',
    'f0s0 -.->|by a subscriber| f0s1',
    'f0s1 -.->|when resumed| f0s2',
  ]) {
    assert.ok(lines.includes(line.replace('#95;', '_')), `${line}\n${lines.join('\n')}`)
  }
})

test('a missing done is drawn all the same; what stands after done has no arrow', () => {
  assert.equal(chart('[F]\n?c?a', 'a').slice(2, -1), [
    'f0s0["?c?a"]',
    'f0s1(["??done"])',
    'f0s0 --> f0s1',
  ])
  assert.equal(chart('[F]').slice(2, -1), ['f0s0(["??done"])'])
  const lines = chart('[F]\n?c?a\n??done\n?c?b', 'a', 'b')
  assert.ok(lines.includes('f0s2["?c?b"]'))
  assert.not.ok(lines.some((line) => /->.* f0s2$/.test(line)))
})

test('a parallel group fans out and comes together', () => {
  const lines = chart('[F]\n?c?Push\n& ?c?a\n& ?c?b\n?c?d\n??done', 'a', 'b', 'd')
  assert.equal(
    lines.filter((line) => line.includes('-->')),
    ['f0s0 --> f0s1', 'f0s0 --> f0s2', 'f0s1 --> f0s3', 'f0s2 --> f0s3', 'f0s3 --> f0s4'],
  )
})

test('a catch hangs on the box, and a Push into another flow leads there', () => {
  const lines = chart(
    '[A]\ncatch = ?c?mend\n?a?Push\n?b@PUBLISH?Push\n??done\n[B]\n?b?Push\n??done',
    'mend',
  )
  assert.ok(lines.includes('f0 -.->|when a step fails| f0c["?c?mend"]'))
  assert.is(lines.at(-1), 'f0s1 -.-> f1s0')
})

test('names that mean something to Mermaid, Markdown or HTML are spelled out', () => {
  const lines = chart('["`<b>1. #x;&|{}" ]\n?^c^-d?a\n??done', 'a')
  assert.is(lines[1], 'subgraph f0["#34;#96;#60;b#62;1#46; #35;x#59;#38;#124;#123;#125;#34; "]')
  assert.is(lines[2], 'f0s0["?#94;c#94;#45;d?a"]')
  assert.is(chart('[Grüße 名]')[1], 'subgraph f0["Grüße 名"]')
})

test.run()
