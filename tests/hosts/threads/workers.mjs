// Workers on one shared memory: starting them, having them do something, hearing how it went.

import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

import { Guest } from '../harness.mjs'
import { spawn } from './spawn.mjs'

export const WORKERS = 4

/** What resolves to each of these promises' values; the first that fails, or that resolves `fallen`, or so many seconds end it. */
async function within(seconds, promises, fallen) {
  const late = new AbortController()
  try {
    const hang = sleep(seconds * 1000, null, { signal: late.signal }).then(() => `nothing heard for ${seconds} s`)
    const trouble = Promise.race([hang, fallen.then(([error]) => error.message)])
    return await Promise.race([Promise.all(promises), trouble.then((text) => Promise.reject(new Error(text)))])
  } finally {
    late.abort()
  }
}

/** Workers on a fresh memory. */
export function crew() {
  /** The module's memory. */
  const memory = new WebAssembly.Memory({ initial: 32, maximum: 8192, shared: true })
  /** The instance of this thread. */
  const guest = new Guest({ env: { memory } })
  const workers = Array.from({ length: WORKERS }, (_, index) => spawn(guest, memory, index + 1))
  /** A worker that could not even say what is wrong. */
  const fallen = Promise.race(workers.map((worker) => once(worker, 'error')))

  const answer = async (worker) => (await once(worker, 'message'))[0]
  /** What each of these workers says next: a result, or a problem. */
  const answers = (from, seconds) => within(seconds, from.map(answer), fallen)
  /** The same; the first problem of any ends it. */
  const heard = (from, seconds) => within(seconds, from.map(async (worker) => {
    const { problem, result } = await answer(worker)
    if (problem !== undefined) throw new Error(problem)
    return result
  }), fallen)

  /** Has these workers do the same at once. */
  function have(them, hear, seconds, name, ...words) {
    const said = hear(them, seconds)
    them.forEach((worker) => worker.postMessage({ name, words }))
    return said
  }

  return {
    guest,
    memory,
    workers,
    /** Resolves when all are there. */
    ready: (seconds) => heard(workers, seconds),
    /** What each of them returns. */
    all: (...what) => have(workers, heard, ...what),
    /** What each of them returns, or why it did not. */
    each: (...what) => have(workers, answers, ...what),
    /** Not by this thread: without its lock, the heap may never return. */
    one: async (...what) => (await have(workers.slice(0, 1), heard, ...what))[0],
    /** Ends them, whatever they do. */
    end: () => Promise.all(workers.map((worker) => worker.terminate())),
  }
}
