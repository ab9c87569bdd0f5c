// Workers on one shared memory: starting them, having them do something, hearing how it went.

import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

import { Guest } from '../harness.mjs'
import { spawn } from './spawn.mjs'

export const WORKERS = 4

/** The module's memory. */
const memory = new WebAssembly.Memory({ initial: 32, maximum: 8192, shared: true })
/** The instance of this thread. */
export const guest = new Guest({ env: { memory } })

const workers = Array.from({ length: WORKERS }, (_, index) => spawn(guest, memory, index + 1))

/** A worker that could not even say what is wrong. */
const fallen = Promise.race(workers.map((worker) => once(worker, 'error')))

/** What each of these workers says next; the first problem of any ends it, and so does silence for so many seconds. */
async function heard(from, seconds) {
  const words = from.map(async (worker) => {
    const [{ problem, result }] = await once(worker, 'message')
    if (problem !== undefined) throw new Error(problem)
    return result
  })
  const late = new AbortController()
  try {
    const hang = sleep(seconds * 1000, null, { signal: late.signal }).then(() => `nothing heard for ${seconds} s`)
    const trouble = Promise.race([hang, fallen.then(([error]) => error.message)])
    return await Promise.race([Promise.all(words), trouble.then((text) => Promise.reject(new Error(text)))])
  } finally {
    late.abort()
  }
}

/** Has these workers do the same at once, and returns what each has to say. */
function have(them, seconds, name, ...words) {
  const answers = heard(them, seconds)
  them.forEach((worker) => worker.postMessage({ name, words }))
  return answers
}

/** Resolves when all are there. */
export const ready = (seconds) => heard(workers, seconds)
export const all = (seconds, name, ...words) => have(workers, seconds, name, ...words)
/** Not by this thread: without its lock, the heap may never return. */
export const one = async (seconds, name, ...words) => (await have(workers.slice(0, 1), seconds, name, ...words))[0]
/** Ends them, whatever they do. */
export const end = () => Promise.all(workers.map((worker) => worker.terminate()))
