// What only node can do: the README's code, run as it stands, all of its blocks one after the other; and a realm of one's own, as Jest has.

import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { runInNewContext } from 'node:vm'

import { Memory } from '../freehold.js'
import { equal, ok, refuses, same } from './assert.js'
import { threadsModule } from './threads-module.js'

const EXAMPLES = new URL('../../../../examples/', import.meta.url)

/** Runs `work` with a folder that is gone afterwards. */
async function inFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), 'freehold-'))
  try {
    return await work(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export const inNode = {
  'a memory of another realm is one': () => {
    const [raw, bytes, shared] = runInNewContext(`[
      new WebAssembly.Memory({ initial: 1 }), new Uint8Array([104, 105]).buffer, new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true }),
    ]`)
    equal(raw instanceof WebAssembly.Memory, false, 'the control')
    const memory = new Memory({ memory: raw, freehold_js_alloc: () => 64, freehold_js_free() {} })
    equal(memory.text(memory.put(bytes), 2), 'hi')
    const other = new Memory(shared)
    other.bytes(8, 2).set([104, 105])
    equal(other.text(8, 2), 'hi')
    refuses(() => new Memory(runInNewContext('({ memory: 1 })')), 'NOT_A_MEMORY')
  },

  "the README's code does what it says": async (host) => {
    const text = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
    const blocks = [...text.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code.replace(/^import .*$/m, ''))
    equal(blocks.length, 4)
    const said = []
    const note = (...words) => said.push(words.join(' '))
    const run = new Function('Memory', 'fetch', 'console', `return (async () => {${blocks.join('\n')}})()`)
    // The tests' module wants an import that a user's hasn't.
    const made = { instantiate: (source) => Memory.instantiate(source, { host: { look() {} } }) }
    await run(made, async () => new Response(await host.module('ring')), { log: note, warn: note })
    for (const line of ['0.5', 'a module of samples', 'for samples, in samples; it has', ' 7 grüße']) {
      ok(said.some((text) => text.includes(line)), `it does not say ${line}: ${said}`)
    }
  },

  'examples/threads: nothing runs on the first stack, and each question has its answer': () => inFolder(async (folder) => {
    for (const name of ['threads.js', 'worker.js']) copyFileSync(new URL(`threads/${name}`, EXAMPLES), join(folder, name))
    copyFileSync(new URL('../freehold.js', import.meta.url), join(folder, 'freehold.js'))
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    const { startThreads } = await import(pathToFileURL(join(folder, 'threads.js')))
    const { exports, threads: [thread] } = await startThreads(threadsModule, 1)
    try {
      // The first thread's is on its own stack.
      equal(exports.on_first_stack(), 1)
      const late = new Promise((_, failed) => setTimeout(failed, 10_000, new Error('no answer')).unref())
      const answers = await Promise.race([late, Promise.all([7, 8, 9].map((word) => thread.call('echo', word)))])
      same(answers.map(({ result }) => result), [7, 8, 9])
    } finally {
      await thread.end()
    }
  }),

  'examples/debugging: lines of stacks, of V8 and of Firefox, from bytes and from a server': async () => {
    const url = new URL('debugging/debug.mjs', EXAMPLES)
    ok(!/^import\b|\bfrom 'node:/m.test(readFileSync(url, 'utf8')), 'a page could not load it')
    const { placeIn } = await import(url)
    const rows = [
      ['    at chat::remember (wasm://wasm/chat-0a1b:wasm-function[12]:0x1234)', 'chat::remember'],
      ['    at chat.wasm._ZN4chat8rememberE (wasm://wasm/chat.wasm-0a1b:wasm-function[12]:0x1234)', '_ZN4chat8rememberE'],
      ['    at wasm://wasm/0a1b:wasm-function[12]:0x1234', ''],
      ['    at chat::remember (http://localhost:8080/module.wasm:wasm-function[12]:0x1234)', 'chat::remember'],
      ['    at chat::remember (https://example.org/@chat/module.wasm?v=2:wasm-function[12]:0x1234)', 'chat::remember'],
      ['    at <chat::Chat as core::ops::drop::Drop>::drop (http://[::1]/m.wasm:wasm-function[12]:0x1234)', '<chat::Chat as core::ops::drop::Drop>::drop'],
      ['    at http://localhost:8080/module.wasm:wasm-function[12]:0x1234', ''],
      ['remember@http://localhost:8080/module.wasm:wasm-function[12]:0x1234', 'remember'],
      ['<chat::Chat as Drop>::drop@https://example.org/@chat/module.wasm?v=2:wasm-function[12]:0x1234', '<chat::Chat as Drop>::drop'],
      ['remember@http://localhost:8080/index.html line 7 > WebAssembly.instantiate:wasm-function[12]:0x1234', 'remember'],
      ['@http://localhost:8080/module.wasm:wasm-function[12]:0x1234', ''],
    ]
    for (const [line, name] of rows) same(placeIn(line), { name, place: 0x1234 }, line)
    for (const line of ['Error', '    at frames (file:///debug.mjs:20:5)', 'frames@http://localhost:8080/debug.mjs:20:5']) equal(placeIn(line), undefined)
  },

  'examples/serve.mjs: what can be found and not read ends no server': () => inFolder(async (folder) => {
    const { serve } = await import(new URL('serve.mjs', EXAMPLES))
    mkdirSync(join(folder, 'index.html'))
    writeFileSync(join(folder, 'there.js'), 'there')
    const server = await serve(folder, 0)
    const get = (path) => fetch(`http://127.0.0.1:${server.address().port}/${path}`).then((answer) => answer.text())
    try {
      equal(await get('').catch(() => 'broken off'), 'broken off')
      equal(await get('there.js'), 'there')
    } finally {
      server.close()
      server.closeAllConnections()
    }
  }),

  'the README has every code': () => {
    const read = (file) => readFileSync(new URL(file, import.meta.url), 'utf8')
    const [, codes] = read('../freehold.d.ts').match(/^export type Code = \((.*)\);$/m)
    const known = codes.split(' | ').map((code) => code.replaceAll("'", ''))
    ok(known.length > 15)
    for (const code of known) {
      ok(read('../README.md').includes(`| \`${code}\` |`), `the README lacks ${code}`)
      ok(read('./bad-input.js').includes(`'${code}'`) || read('./cases.js').includes(`'${code}'`), `no test for ${code}`)
    }
  },
}
