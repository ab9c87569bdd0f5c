// How the scripts run their tests and report.

import assert from 'node:assert/strict'
import { performance } from 'node:perf_hooks'

export { assert }

/** Whose `text` a test that fails shows. */
export const said = { by: null }

let passed = 0
let failed = 0

/** Runs one test, and prints a line that says how it went. */
export function test(name, body) {
  said.by = null
  const start = performance.now()
  try {
    body()
    passed += 1
    console.log(`test ${name} ... ok (${(performance.now() - start).toFixed(0)} ms)`)
  } catch (error) {
    failed += 1
    console.log(`test ${name} ... FAILED\n${said.by?.text ?? ''}\n${error.stack}`)
  }
}

/** Prints the sum, and ends the process with 1 if a test has failed. */
export function finish() {
  console.log(`test result: ${failed === 0 ? 'ok' : 'FAILED'}. ${passed} passed, ${failed} failed`)
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1
}
