// The tests in node: `node --expose-gc run.js RING IMPORT`, the two being the tests' module in its two forms.

import { readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { Worker } from 'node:worker_threads'

import { cases as everywhere } from './cases.js'
import { inNode } from './in-node.js'

const cases = [...everywhere, ...Object.entries(inNode)]
const [ring, byImport] = process.argv.slice(-2)
const modules = { ring: readFileSync(ring), import: readFileSync(byImport) }

const host = {
  module: (name) => modules[name],
  /** The next error that nobody catches. */
  thrown: () => new Promise((heard) => process.setUncaughtExceptionCaptureCallback((error) => {
    process.setUncaughtExceptionCaptureCallback(null)
    heard(error)
  })),
  /** Runs `work` in another thread, until it is done. */
  inThread: (work, workerData) => new Promise((done, failed) => {
    const text = `const { workerData } = require('node:worker_threads'); (${work})(workerData)`
    new Worker(text, { eval: true, workerData }).once('error', failed).once('exit', done)
  }),
}

let passed = 0
for (const [name, run] of cases) {
  test(name, async () => {
    await run(host)
    passed += 1
  })
}
after(() => console.log(`test result: ${passed === cases.length ? 'ok' : 'FAILED'}. ${passed} passed; ${cases.length - passed} failed`))
