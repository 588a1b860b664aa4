// The chart of a matrix: ratio to native zeromq by message size, one line a transport, one panel
// for `await` and one for `try`. Plain SVG text; both axes are logarithmic.

import type { Mode } from './protocol.ts'
import type { Result } from './report.ts'
import { LABELS, TRANSPORTS, type TransportName } from './transports.ts'

const PANEL = { width: 420, height: 300, left: 50, top: 50, gap: 60 }
const LEGEND_HEIGHT = 60
const RATIOS = [0.1, 0.3, 1, 3, 10, 30, 100]
const SIZES = [16, 256, 1024, 4096, 65536, 1048576]
const SIZE_NAMES = ['16 B', '256 B', '1 KiB', '4 KiB', '64 KiB', '1 MiB']
const COLORS: Readonly<Record<TransportName, string>> = {
  'inproc-1': '#0072b2',
  'inproc-2': '#56b4e9',
  ipc: '#009e73',
  zmtp: '#e69f00',
  tcp: '#d55e00',
}
const MODES: readonly (readonly [Mode, string])[] = [
  ['zmanager await', 'await send, for await'],
  ['zmanager try', 'trySend, receiveMany'],
]

export function chart(results: readonly Result[]): string {
  const width = PANEL.left + MODES.length * (PANEL.width + PANEL.gap)
  const height = PANEL.top + PANEL.height + LEGEND_HEIGHT
  const panels = MODES.map(([mode, title], i) => {
    const left = PANEL.left + i * (PANEL.width + PANEL.gap)
    return `<g transform="translate(${left} ${PANEL.top})">${panel(results, mode, title)}</g>`
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text(
      PANEL.left,
      20,
      'PUSH to PULL: messages a second, as a multiple of native zeromq',
      'start',
    ),
    ...panels,
    legend(PANEL.top + PANEL.height + LEGEND_HEIGHT - 15),
    '</svg>\n',
  ].join('\n')
}

function panel(results: readonly Result[], mode: Mode, title: string): string {
  const lines = TRANSPORTS.map((transport) => line(results, mode, transport))
  return [text(PANEL.width / 2, -10, title), ...grid(), ...lines].join('\n')
}

function grid(): string[] {
  const across = RATIOS.map((ratio) => {
    const at = y(ratio)
    const stroke = ratio === 1 ? '#555' : '#ddd'
    return `<line x1="0" y1="${at}" x2="${PANEL.width}" y2="${at}" stroke="${stroke}"/>${text(-6, at + 4, `${ratio}x`, 'end')}`
  })
  const below = SIZES.map((size, i) => text(x(size), PANEL.height + 18, SIZE_NAMES[i] ?? ''))
  return [...across, ...below]
}

function line(results: readonly Result[], mode: Mode, transport: TransportName): string {
  const points = results
    .filter((row) => row.shape === 'push-pull' && row.mode === mode && row.transport === transport)
    .flatMap(({ size, ratio }) => (ratio ? [{ size, ratio }] : []))
    .sort((a, b) => a.size - b.size)
  const color = COLORS[transport]
  const path = points.map(({ size, ratio }) => `${x(size)},${y(ratio.median)}`).join(' ')
  const bars = points.map(
    ({ size, ratio: { lowest, highest } }) =>
      `<line x1="${x(size)}" y1="${y(lowest)}" x2="${x(size)}" y2="${y(highest)}" stroke="${color}"/>`,
  )
  const dots = points.map(
    ({ size, ratio }) =>
      `<circle cx="${x(size)}" cy="${y(ratio.median)}" r="3.5" fill="${color}"><title>${LABELS[transport]}, ${size} B: ${ratio.median.toFixed(2)}x</title></circle>`,
  )
  return [
    `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="2"/>`,
    ...bars,
    ...dots,
  ].join('\n')
}

function legend(at: number): string {
  return TRANSPORTS.map((transport, i) => {
    const left = PANEL.left + i * 150
    return `<rect x="${left}" y="${at - 10}" width="12" height="12" fill="${COLORS[transport]}"/>${text(left + 18, at, LABELS[transport], 'start')}`
  }).join('\n')
}

function x(size: number): number {
  return (
    share(Math.log(size), Math.log(SIZES[0] as number), Math.log(SIZES.at(-1) as number)) *
    PANEL.width
  )
}

function y(ratio: number): number {
  const [lowest, highest] = [Math.log(RATIOS[0] as number), Math.log(RATIOS.at(-1) as number)]
  return (1 - share(Math.log(ratio), lowest, highest)) * PANEL.height
}

/** Where a value lies between two others, 0 to 1, to a tenth of a percent. */
function share(value: number, from: number, to: number): number {
  return Number(Math.min(1, Math.max(0, (value - from) / (to - from))).toFixed(3))
}

function text(at: number, line: number, words: string, anchor = 'middle'): string {
  return `<text x="${at}" y="${line}" text-anchor="${anchor}">${words}</text>`
}
