// Rust's tests for wasm in headless Chromium, as cargo's runner: `node in_browser.mjs RUNNER MODULE…`, RUNNER being wasm-bindgen's. That serves a page
// which runs the tests, and would wait for somebody to open it.

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const [runner, ...words] = process.argv.slice(2)
const env = { ...process.env, NO_HEADLESS: '1', WASM_BINDGEN_USE_BROWSER: '1', WASM_BINDGEN_TEST_ADDRESS: '127.0.0.1:0' }
const server = spawn(runner, words, { env, stdio: ['ignore', 'pipe', 'inherit'] })
let said = ''
const address = await new Promise((found) => {
  server.stdout.setEncoding('utf8').on('data', (text) => {
    said += text
    found(said.match(/http:\/\/[\d.:]+/)?.[0])
  })
  server.once('exit', () => found(undefined)).once('error', () => found(undefined))
})
let code = 1
if (address === undefined) {
  console.log(said || `${runner} served nothing`)
} else {
  const browser = new URL('browser.mjs', import.meta.url)
  const page = spawn(process.execPath, [fileURLToPath(browser), address, '', 'test result: ok'], { stdio: 'inherit' })
  code = await new Promise((ended) => page.once('exit', ended))
}
server.kill()
process.exitCode = code ?? 1
