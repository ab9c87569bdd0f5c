// h32: a thread gets memory that another has just grown, in every way that there is, and writes to it at once with `memory.fill` and
// `memory.copy`: `node reach.mjs MODULE`.

import { assert, finish, test } from '../harness.mjs'
import { crew, WORKERS } from './workers.mjs'

const ROUNDS = 40
const BLOCKS = 80
const SECONDS = 60

/** How many of the workers' turns trapped, with what they said; the ways are those of the module. */
async function run(way) {
  const { guest, ready, each, end } = crew()
  try {
    await ready(SECONDS)
    guest.text = ''
    guest.exports.name_way(way)
    const name = guest.text.trim()
    const problems = []
    const before = guest.memorySize
    for (let round = 0; round < ROUNDS; round += 1) {
      const said = await each(SECONDS, 'take_this_way', way, BLOCKS)
      problems.push(...said.flatMap(({ problem }) => problem ?? []))
    }
    return { name, problems, grown: guest.memorySize - before }
  } finally {
    await end()
  }
}

const first = crew()
await first.ready(SECONDS)
const ways = first.guest.exports.ways()
await first.end()
for (let way = 0; way < ways; way += 1) {
  const { name, problems, grown } = await run(way)
  test(`h32_no_worker_traps: ${name}`, () => {
    console.log(`        ${problems.length} of ${ROUNDS * WORKERS} trapped; memory grew by ${grown >> 20} MiB`)
    assert.ok(grown > 1 << 20, 'memory grew meanwhile')
    assert.deepEqual(problems.slice(0, 1), [])
  })
}

finish()
