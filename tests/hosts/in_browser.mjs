// Rust's tests for wasm in headless Chromium, as cargo's runner: `node in_browser.mjs RUNNER MODULE…`, RUNNER being wasm-bindgen's. That serves a page
// which runs the tests, and would wait for somebody to open it.

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const [runner, ...words] = process.argv.slice(2)
const env = { ...process.env, NO_HEADLESS: '1', WASM_BINDGEN_USE_BROWSER: '1', WASM_BINDGEN_TEST_ADDRESS: '127.0.0.1:0' }
const server = spawn(runner, words, { env, stdio: ['ignore', 'pipe', 'inherit'] })
let said = ''
const ended = new Promise((ended) => server.once('exit', ended).once('error', ({ message }) => ended(void console.log(message))))
const found = new Promise((found) => server.stdout.setEncoding('utf8').on('data', (text) => {
  said += text
  const [address] = said.match(/http:\/\/[\d.:]+/) ?? []
  if (address !== undefined) found(address)
}))

const address = await Promise.race([found, ended.then(() => undefined)])
if (address === undefined) {
  // There are no tests in it, or it says what is wrong.
  console.log(said)
  process.exitCode = (await ended) ?? 1
} else {
  const browser = fileURLToPath(new URL('browser.mjs', import.meta.url))
  const page = spawn(process.execPath, [browser, address, '', 'test result: ok'], { stdio: 'inherit' })
  process.exitCode = (await new Promise((ended) => page.once('exit', ended))) ?? 1
  server.kill()
}
