// What the debug layer must find, each step by another worker: one allocates a block, another frees it, a third frees it again.
// `node must_find.mjs MODULE`.

import { assert, finish, test } from '../harness.mjs'
import { crew } from './workers.mjs'

const SECONDS = 60

/** What went wrong, if anything did. */
async function run({ all, end, ready }) {
  try {
    await ready(SECONDS)
    await all(SECONDS, 'must_find')
  } catch (error) {
    return error.message
  } finally {
    await end()
  }
}

const workers = crew()
const problem = await run(workers)

test('each mistake is found, and nothing in its twin', () => {
  assert.equal(problem, undefined)
})

test('all workers had a part in it', () => {
  const steps = workers.guest.exports.steps_of_others()
  console.log(`${steps} steps by others than the first`)
  assert.ok(steps > 200)
})

finish()
