// A service: an HTTP server. When it crashes it is started again; when the ZManager stops, so does it.

import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { Service, ServiceContext } from 'zmanager'

export class HttpGateway implements Service {
  #server: Server | undefined

  async start(context: ServiceContext): Promise<void> {
    this.#server = createServer((request, response) => {
      const text = new URL(request.url ?? '/', 'http://localhost').searchParams.get('text') ?? ''
      // `measure` counts it: zmanager's health reports tell how many failed, and how long they took.
      const answer = context.measure(() => context.request('Shout', { text }, { timeout: 5000 }))
      answer.then(
        (values) => response.end(`${values['text']}\n`),
        (error: Error) => response.writeHead(500).end(`${error.message}\n`),
      )
    })
    this.#server.listen(Number(context.config['port']))
    await once(this.#server, 'listening') // or it rejects: the port is in use
  }

  async stop(): Promise<void> {
    if (!this.#server) return
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }
}
