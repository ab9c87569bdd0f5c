// One thread: an instance of the module on the memory of all, with a stack and thread-local values of its own.

import { Memory } from './freehold.js'

const port = globalThis.process?.versions?.node === undefined ? globalThis : (await import('node:worker_threads')).parentPort
const answer = (message) => port.postMessage(message)

let instance
let grown = []

async function start({ module, raw, stack, tls }) {
  // Before anything else is called, by `Memory` too: until then this thread is on the first one's stack.
  const before = (exports) => {
    exports.__stack_pointer.value = stack
    exports.__wasm_init_tls(tls)
  }
  instance = await Memory.instantiate(module, { env: { memory: raw } }, { memory: raw, before })
  instance.memory.onGrow(({ owner, bytes, call }) => grown.push({ owner, bytes, call }))
}

/** Each answer has its question's number. */
async function hear({ number, ...message }) {
  try {
    if (instance === undefined) {
      await start(message)
      answer({ number })
      return
    }
    grown = []
    const result = instance.exports[message.name](...message.words)
    answer({ number, result, grown: grown.filter(({ owner }) => owner !== null) })
  } catch (error) {
    answer({ number, problem: error.message })
  }
}

if (port === globalThis) port.onmessage = ({ data }) => hear(data)
else port.on('message', hear)
