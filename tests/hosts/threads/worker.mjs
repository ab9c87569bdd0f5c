// One thread of `run.mjs`: an instance of the module on the memory that all share, with a stack and thread-local values of
// its own.

import { parentPort, workerData } from 'node:worker_threads'

import { Guest } from '../harness.mjs'

const { memory, worker, stack, tls } = workerData
const guest = new Guest({ env: { memory } })
const { exports } = guest
exports.__stack_pointer.value = stack
if (exports.__tls_size.value > 0) exports.__wasm_init_tls(tls)
exports.begin(worker)

/** What the module's function says while it runs, rather than what it returns. */
function say(name, ...words) {
  guest.text = ''
  exports[name](...words)
  return guest.text
}

parentPort.on('message', ({ name, words }) => {
  try {
    parentPort.postMessage({ result: name === 'say' ? say(...words) : exports[name](...words) })
  } catch (error) {
    parentPort.postMessage({ problem: `worker ${worker}, ${name}: ${error.message}; ${guest.text.trim()}` })
  }
})
parentPort.postMessage({})
