// A thread for a module whose memory is shared.

import { Worker } from 'node:worker_threads'

import { address, PAGE } from '../harness.mjs'

const STACK = 4 * PAGE

/** A worker with an instance of the guest's module, on the same memory, with a stack and thread-local values of its own. */
export function spawn({ exports }, memory, worker) {
  const stack = address(exports.room(STACK, 16)) + STACK
  const tls = exports.room(Math.max(1, exports.__tls_size.value), exports.__tls_align.value || 1)
  const workerData = { memory, worker, stack, tls }
  return new Worker(new URL('worker.mjs', import.meta.url), { workerData, argv: [process.argv.at(-1)] })
}
