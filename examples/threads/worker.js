// One thread: an instance of the module on the memory of all, with a stack and thread-local values of its own.

import { Memory } from './freehold.js'

const port = globalThis.process?.versions?.node === undefined ? globalThis : (await import('node:worker_threads')).parentPort
const answer = (message) => port.postMessage(message)

let instance
let grown = []

async function start({ module, raw, stack, tls }) {
  instance = await Memory.instantiate(module, { env: { memory: raw } }, { memory: raw })
  const { exports, memory } = instance
  // Before anything else is called: until then this thread is on the first one's stack.
  exports.__stack_pointer.value = stack
  exports.__wasm_init_tls(tls)
  memory.onGrow(({ owner, bytes, call }) => grown.push({ owner, bytes, call }))
}

async function hear(message) {
  try {
    if (instance === undefined) {
      await start(message)
      answer({})
      return
    }
    grown = []
    const result = instance.exports[message.name](...message.words)
    answer({ result, grown: grown.filter(({ owner }) => owner !== null) })
  } catch (error) {
    answer({ problem: error.message })
  }
}

if (port === globalThis) port.onmessage = ({ data }) => hear(data)
else port.on('message', hear)
