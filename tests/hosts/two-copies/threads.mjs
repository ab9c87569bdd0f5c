// h06 with threads: two copies of freehold ask for the heap tail at the same moment. `node threads.mjs MODULE`

import { once } from 'node:events'

import { assert, finish, Guest, test } from '../harness.mjs'
import { spawn } from '../threads/spawn.mjs'

const ROUNDS = 20

/** Whether each of the copies got the tail of a fresh memory; or what went wrong. */
async function race() {
  const memory = new WebAssembly.Memory({ initial: 32, maximum: 4096, shared: true })
  const guest = new Guest({ env: { memory } })
  const workers = [1, 2].map((worker) => spawn(guest, memory, worker))
  const said = () => Promise.all(workers.map((worker) => once(worker, 'message')))
  await said()
  const answers = said()
  workers.forEach((worker, index) => worker.postMessage({ name: 'race', words: [index] }))
  const results = await answers
  await Promise.all(workers.map((worker) => worker.terminate()))
  return results.map(([{ problem, result }]) => problem ?? result)
}

const rounds = []
for (let round = 0; round < ROUNDS; round += 1) rounds.push(await race())
console.log(rounds.map((results) => results.join(' ')).join(', '))

test('h06_of_two_copies_that_ask_at_once_one_has_the_tail', () => {
  for (const results of rounds) assert.deepEqual(results.toSorted(), [0, 1])
})

finish()
