// Threads for a wasm module with shared memory, in a page and in node alike. Nothing here knows what the module does.

import { Memory } from './freehold.js'

/** Bytes of a thread's stack. The first thread's is the linker's: a mebibyte. */
const STACK = 256 * 1024

const inNode = typeof process === 'object' && process.versions?.node !== undefined

/** A worker that runs `worker.js`, and how to speak to it. */
async function startWorker() {
  const url = new URL('./worker.js', import.meta.url)
  if (!inNode) {
    const worker = new Worker(url, { type: 'module' })
    return {
      post: (message) => worker.postMessage(message),
      hear: (heard) => worker.addEventListener('message', ({ data }) => heard(data)),
      fail: (failed) => worker.addEventListener('error', ({ message }) => failed(new Error(message || 'a worker could not start'))),
      end: () => worker.terminate(),
    }
  }
  const { Worker: NodeWorker } = await import('node:worker_threads')
  const worker = new NodeWorker(url)
  return {
    post: (message) => worker.postMessage(message),
    hear: (heard) => worker.on('message', heard),
    fail: (failed) => worker.on('error', failed),
    end: () => worker.terminate(),
  }
}

/** The module on a memory of its own, and so many workers on the same memory. */
export async function startThreads(source, count) {
  if (globalThis.crossOriginIsolated === false) {
    throw new Error(
      'this page may not share memory: the server must send `Cross-Origin-Opener-Policy: same-origin` and `Cross-Origin-Embedder-Policy: require-corp`',
    )
  }
  // The same numbers as in build.rs, in pages of 64 KiB.
  const raw = new WebAssembly.Memory({ initial: 32, maximum: 16384, shared: true })
  const first = await Memory.instantiate(source, { env: { memory: raw } }, { memory: raw })
  const { memory, exports, module } = first

  const threads = await Promise.all(Array.from({ length: count }, async () => {
    const worker = await startWorker()
    // A stack and a place for thread-local values, from the ledger of all. A stack grows downwards.
    const stack = memory.alloc(STACK, 16)
    const tls = memory.alloc(exports.__tls_size.value, Math.max(16, exports.__tls_align.value))
    // Who waits for the answer to which question: several may be asked at once.
    const waiting = new Map()
    let asked = 0
    const broken = new Promise((_, failed) => worker.fail(failed))
    broken.catch(() => {})
    worker.hear((answer) => {
      waiting.get(answer.number)(answer)
      waiting.delete(answer.number)
    })
    /** Has the worker do something; what it answers. */
    const ask = async (message) => {
      const number = (asked += 1)
      const heard = new Promise((done) => waiting.set(number, done))
      worker.post({ number, ...message })
      const answer = await Promise.race([heard, broken])
      if (answer.problem !== undefined) throw new Error(answer.problem)
      return answer
    }
    await ask({ module, raw, stack: stack.address + STACK, tls: tls.address })
    return {
      /** Calls the module's function in this thread: what it returns, and who made memory grow meanwhile. */
      call: (name, ...words) => ask({ name, words }),
      /** Ends the thread and frees what it had. Only between two calls: a thread that is ended in the middle of one may hold a lock. */
      end: async () => {
        await worker.end()
        stack.free()
        tls.free()
      },
    }
  }))
  return { memory, exports, threads }
}
