// Fills the marked tables of a document from results: a table stands between `<!-- name -->` and
// `<!-- /name -->`. A matrix has `machine`, `matrix` and `verdict`; each other tool has its own name.
//
// Usage: node --import tsx bench/fill.ts <document> <results.json>...

import { readFileSync, writeFileSync } from 'node:fs'
import { main, UsageError } from './support/args.ts'
import { type AnyResult, tablesOf } from './support/markdown.ts'

await main('fill <document> <results.json>...', async ([document, ...files]) => {
  if (document === undefined || files.length === 0)
    throw new UsageError('expected a document and at least one results.json')
  let text = readFileSync(document, 'utf8')
  for (const file of files) {
    const result = JSON.parse(readFileSync(file, 'utf8')) as AnyResult
    for (const [name, table] of tablesOf(result)) {
      const marked = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- /${name} -->)`)
      if (!marked.test(text)) console.error(`${document} has no place for '${name}'`)
      text = text.replace(marked, (_all, open, close) => `${open}\n${table}\n\n${close}`)
    }
  }
  writeFileSync(document, text)
  return 0
})
