// A headless Chromium with a page that has the browser entry of the package as `zm`.
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { chromium, type Page } from 'playwright-core'
import type { Test } from 'uvu'

const CHROMIUM = '/usr/bin/chromium'
const ENTRY = fileURLToPath(new URL('../../src/browser.ts', import.meta.url))

/** tsx keeps the names of functions by a helper that functions sent to a page expect there, too. */
const PAGE = `<!doctype html><title>test</title><script type="module">
globalThis.__name = (one) => one
import * as zm from '/zm.js'
globalThis.zm = zm
</script>`

export interface Stage {
  /** A new page with `zm`, closed after the test. */
  open(): Promise<Page>
  /** A test in a browser; where there is none, it says so and passes. */
  test(name: string, body: () => Promise<void>): void
}

/** A browser for the tests of a suite, from before the first until after the last. */
export function browserFor(suite: Test): Stage {
  const reason = existsSync(CHROMIUM) ? undefined : `there is no ${CHROMIUM}`
  let running: Running | undefined
  const pages: Page[] = []
  suite.before(async () => {
    if (reason === undefined) running = await start()
  })
  suite.after.each(async () => {
    for (const page of pages.splice(0)) await page.close()
  })
  suite.after(() => running?.end())
  return {
    async open() {
      const page = await (running as Running).open()
      pages.push(page)
      return page
    },
    test: (name, body) =>
      suite(name, async () => {
        if (reason === undefined) await body()
        else console.log(`skipped: ${name}: ${reason}`)
      }),
  }
}

interface Running {
  open(): Promise<Page>
  end(): Promise<void>
}

async function start(): Promise<Running> {
  const script = await bundle()
  const server = createServer(({ url }, response) => {
    const isScript = url === '/zm.js'
    response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html')
    response.end(isScript ? script : PAGE)
  })
  await new Promise<void>((listens) => server.listen(0, '127.0.0.1', listens))
  const { port } = server.address() as AddressInfo
  const args = ['--no-sandbox']
  const browser = await chromium.launch({ executablePath: CHROMIUM, args })
  const context = await browser.newContext({ ignoreHTTPSErrors: true })
  return {
    async open() {
      const page = await context.newPage()
      await page.goto(`http://127.0.0.1:${port}/`)
      await page.waitForFunction('globalThis.zm')
      return page
    },
    async end() {
      await browser.close()
      server.close()
      server.closeAllConnections()
    },
  }
}

/** The browser entry and all it imports as one module. */
async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [ENTRY],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
  })
  return (outputFiles[0] as (typeof outputFiles)[0]).text
}
