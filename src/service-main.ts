// The entry of a service's thread or process: one service, made from what the host was given.

import './index.ts'
import { answerAlive } from './manager/host/alive.ts'
import { hostData, reportReady } from './manager/host/hosted.ts'
import { ServiceRunner, type ServiceSettings } from './manager/service/service-runner.ts'

const runner = new ServiceRunner(await hostData<ServiceSettings>())
answerAlive()
await runner.start()
reportReady()
await runner.run()
process.exit() // whatever the service has left open
