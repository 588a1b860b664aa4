// What nearly every test needs: limits on waits, endpoints, events, readable messages.
import './built-hosts.ts'

export { endpoint, type Scheme, vacant } from './endpoint.ts'
export { once } from './once.ts'
export { bytes, fromHex, message, numbered, text, texts, toHex } from './texts.ts'
export { until } from './until.ts'
export { VirtualClock, withVirtualClock } from './virtual-clock.ts'
export { within } from './within.ts'
