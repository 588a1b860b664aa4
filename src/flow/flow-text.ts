// The ini text of a flow: read again, it gives the same flow, with the same version.
// Must not know files.
import type { Flow } from './flow.ts'
import { groupAt } from './groups.ts'
import { DEFAULT_POLICY, type FlowPolicy } from './policy.ts'

/** A section of a flow file. */
export function flowText({ name, steps, groups, policy, catchKey }: Flow): string {
  const options = (Object.keys(DEFAULT_POLICY) as (keyof FlowPolicy)[])
    .filter((option) => policy[option] !== DEFAULT_POLICY[option])
    .map((option) => `${option === 'orderBy' ? 'order_by' : option} = ${policy[option]}`)
  const caught = catchKey ? [`catch = ${catchKey}`] : []
  const lines = steps.map((step, index) => (groupAt(groups, index) ? `& ${step}` : `${step}`))
  return [`[${name}]`, ...options, ...caught, ...lines, ''].join('\n')
}
