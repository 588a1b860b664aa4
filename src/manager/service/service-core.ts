// The service-management core: what flows ask of the services, answered in this process. The actions, and
// the names in what they answer, are DigitalPy's; what was asked for is in `message`. Its action `publish` is
// missing: a step is published by its decorator, whatever its action.

import { ZmqError } from '../../core/errors.ts'
import { ActionKey } from '../../topic/action-key.ts'
import type { Values } from '../worker/handlers.ts'
import type { ServiceBus } from './service-bus.ts'
import { systemHealth } from './service-system.ts'
import { fieldsOf, keyFrom } from './service-topics.ts'
import type { ServiceStatus } from './service-unit.ts'
import type { Services } from './services.ts'

type Action = (services: Services, values: Values) => unknown

/** By the action of the step. */
const ACTIONS: Readonly<Record<string, Action>> = {
  start_service: async (services, values) => reported(await services.start(idOf(values))),
  stop_service: async (services, values) => reported(await services.stop(idOf(values))),
  restart_service: async (services, values) => reported(await services.restart(idOf(values))),
  reload_system_health: () => systemHealth(),
  get_service_status: (services, values) =>
    values['service_id'] === undefined
      ? services.list().map(reported)
      : reported(services.status(idOf(values))),
  get_service_topics: async (services, values) =>
    (await services.topics(idOf(values))).map(fieldsOf),
  put_service_topic: async (services, values) => {
    const key = keyFrom(values['topic'])
    await services.putTopic(idOf(values), key)
    return fieldsOf(key)
  },
  delete_service_topic: async (services, values) => {
    const key = keyFrom(values['topic'])
    await services.deleteTopic(idOf(values), key)
    return fieldsOf(key)
  },
}

/** Answers these actions in every flow that publishes them; returns what ends that. */
export function serveCore(services: Services, bus: Pick<ServiceBus, 'serve'>): () => void {
  const ends = Object.entries(ACTIONS).map(([action, act]) =>
    bus.serve(ActionKey.of({ decorator: 'PUBLISH', action }), async (values) => ({
      message: await act(services, values),
    })),
  )
  return () => {
    for (const end of ends) end()
  }
}

function idOf({ service_id: id }: Values): string {
  if (typeof id === 'string' && id !== '') return id
  throw new ZmqError('EINVAL', 'Which service is meant? Give its id as service_id')
}

function reported(service: ServiceStatus): Values {
  const { id, status, wanted, since, restarts, hangs, lastError } = service
  return {
    service_id: id,
    service_name: id,
    service_status: wanted,
    service_status_actual: status,
    last_error: lastError ?? '',
    since,
    restarts,
    hangs,
  }
}
