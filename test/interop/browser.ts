// Headless Chromium with a WebSocket and no library: what a page can do by RFC 45 in a few lines.
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Browser, chromium, type Page } from 'playwright-core'

const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** Where Chromium is, if it is here. */
export const chromiumPath: string | undefined = [
  ...(process.env['CHROMIUM'] ? [process.env['CHROMIUM']] : []),
  ...PATHS,
].find((path) => existsSync(path))

/** What the page runs. The first message each way is a routing id; then a flags byte and a frame. */
const PAGE = `<!doctype html><script>
  const numbered = (name, n, size) => (name + ':' + n + ':').padEnd(size, 'x')
  function open(url) {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url, 'ZWS2.0')
      socket.binaryType = 'arraybuffer'
      socket.onerror = () => reject(new Error('no connection to ' + url))
      socket.onopen = () => {
        socket.send(new Uint8Array([0]))
        resolve(socket)
      }
    })
  }
  const frame = (text) => new TextEncoder().encode('\\0' + text)
  async function push(url, name, count, size) {
    const socket = await open(url)
    for (let n = 0; n < count; n++) socket.send(frame(numbered(name, n, size)))
  }
  async function roundTrips(url, name, count, size, window) {
    const socket = await open(url)
    let [sent, back, greeted] = [0, 0, false]
    const send = () => socket.send(frame(numbered(name, sent++, size)))
    while (sent < window) send()
    return new Promise((resolve) => {
      socket.onmessage = ({ data }) => {
        if (!greeted) return void (greeted = true)
        const text = new TextDecoder().decode(new Uint8Array(data, 1))
        if (text !== numbered(name, back++, size)) resolve('got ' + text.slice(0, 40) + ' at ' + back)
        else if (back === count) resolve('all in order')
        else if (sent < count) send()
      }
    })
  }
</script>`

export class BrowserPeer {
  readonly version: string
  readonly #browser: Browser
  readonly #page: Page
  readonly #close: () => void

  private constructor(browser: Browser, page: Page, close: () => void) {
    this.version = `Chromium ${browser.version()}`
    this.#browser = browser
    this.#page = page
    this.#close = close
  }

  static async start(): Promise<BrowserPeer> {
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end(PAGE)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const browser = await chromium.launch({
      ...(chromiumPath ? { executablePath: chromiumPath } : {}),
      args: ['--no-sandbox'],
    })
    const page = await browser.newPage()
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    return new BrowserPeer(browser, page, () => server.close())
  }

  push(url: string, name: string, count: number, size: number): Promise<unknown> {
    return this.#page.evaluate(`push(${JSON.stringify([url, name, count, size]).slice(1, -1)})`)
  }

  /** Resolves to 'all in order' or to what was not. */
  roundTrips(
    url: string,
    name: string,
    count: number,
    size: number,
    window: number,
  ): Promise<unknown> {
    const args = JSON.stringify([url, name, count, size, window]).slice(1, -1)
    return this.#page.evaluate(`roundTrips(${args})`)
  }

  async close(): Promise<void> {
    await this.#browser.close()
    this.#close()
  }
}
