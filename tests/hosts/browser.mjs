// A page in headless Chromium: `node browser.mjs [--click SELECTOR]… [--screenshot FILE] [--without-isolation] FOLDER PAGE TEXT…` serves the folder, opens the page, and
// waits until it says each text; each selector is clicked once, in turn, as soon as the page says the first of the texts. It prints what the page says, and fails if that takes ten minutes, or if the page says FAILED. In place of a folder it takes the address of a server.

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'

import { serve } from '../../examples/serve.mjs'

const SECONDS = 600

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { click: { type: 'string', multiple: true, default: [] }, screenshot: { type: 'string' }, 'without-isolation': { type: 'boolean' } },
})
const [folder, page, ...texts] = positionals

/** Chromium, spoken to in JSON over two pipes, each message ended by a 0. */
class Browser {
  #waiting = new Map()
  #rest = ''
  #next = 1

  /** What the page said on its console. */
  console = []

  constructor(profile) {
    const words = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--disable-background-networking']
    words.push('--disable-component-update', '--disable-sync', '--window-size=900,640', '--js-flags=--expose-gc', '--remote-debugging-pipe', `--user-data-dir=${profile}`)
    this.process = spawn(process.env.CHROMIUM ?? 'chromium', words, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] })
    this.ended = new Promise((done) => this.process.once('exit', done).once('error', done))
    this.process.once('error', (error) => this.#fail(error))
    this.process.once('exit', (code) => this.#fail(new Error(`Chromium ended with ${code}`)))
    const [, , , to, from] = this.process.stdio
    this.to = to.on('error', () => {})
    from.setEncoding('utf8').on('data', (text) => this.#hear(text))
  }

  #fail(error) {
    for (const { failed } of this.#waiting.values()) failed(error)
  }

  #hear(text) {
    const messages = (this.#rest + text).split('\0')
    this.#rest = messages.pop()
    for (const { id, result, error, method, params } of messages.map((message) => JSON.parse(message))) {
      if (method === 'Runtime.consoleAPICalled') this.console.push(params.args.map(({ value, description }) => value ?? description).join(' '))
      if (method === 'Runtime.exceptionThrown') this.console.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text)
      const asked = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (error) asked?.failed(new Error(error.message))
      else asked?.done(result)
    }
  }

  ask(method, params = {}, sessionId = undefined) {
    const id = this.#next++
    return new Promise((done, failed) => {
      this.#waiting.set(id, { done, failed })
      this.to.write(`${JSON.stringify({ id, method, params, sessionId })}\0`)
    })
  }
}

const server = folder.startsWith('http:') ? undefined : await serve(folder, 0, values['without-isolation'] ? {} : undefined)
const address = server === undefined ? folder : `http://localhost:${server.address().port}`
const profile = mkdtempSync(join(tmpdir(), 'freehold-chromium-'))
const browser = new Browser(profile)
try {
  const { targetId } = await browser.ask('Target.createTarget', { url: 'about:blank' })
  const { sessionId } = await browser.ask('Target.attachToTarget', { targetId, flatten: true })
  const ask = (method, params) => browser.ask(method, params, sessionId)
  await ask('Runtime.enable')
  await ask('Page.enable')
  await ask('Page.navigate', { url: `${address}/${page}` })
  let said = ''
  const has = () => values.click.length === 0 && texts.every((text) => said.includes(text)) || said.includes('FAILED')
  for (const end = Date.now() + SECONDS * 1000; !has() && Date.now() < end; await sleep(100)) {
    const { result } = await ask('Runtime.evaluate', { expression: "document.body?.innerText ?? ''" })
    said = String(result.value)
    if (said.includes(texts[0])) {
      const selector = values.click.shift()
      if (selector !== undefined) await ask('Runtime.evaluate', { expression: `document.querySelector(${JSON.stringify(selector)}).click()` })
    }
  }
  if (values.screenshot !== undefined) {
    const { data } = await ask('Page.captureScreenshot', { format: 'webp', quality: 40 })
    writeFileSync(values.screenshot, Buffer.from(data, 'base64'))
  }
  console.log(said)
  for (const line of browser.console) console.log(`console: ${line}`)
  const missing = texts.filter((text) => !said.includes(text))
  if (missing.length > 0) {
    console.log(`the page does not say ${JSON.stringify(missing)}`)
    process.exitCode = 1
  }
} catch (error) {
  console.log(error.message)
  process.exitCode = 1
} finally {
  await Promise.race([browser.ask('Browser.close').catch(() => {}), sleep(5000)])
  await Promise.race([browser.ended, sleep(5000)])
  browser.process.kill('SIGKILL')
  server?.closeAllConnections()
  server?.close()
  rmSync(profile, { recursive: true, force: true, maxRetries: 10 })
}
