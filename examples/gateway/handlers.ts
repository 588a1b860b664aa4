// The steps of the flow, run by workers.

import type { Values } from 'zmanager'

export function upper({ text }: Values): Values {
  return { text: String(text).toUpperCase() }
}

export function mark({ text }: Values): Values {
  return { text: `${text}!` }
}
