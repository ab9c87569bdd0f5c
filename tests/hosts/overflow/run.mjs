// h35: JavaScript catches a stack overflow that fell into the allocator, and goes on using the instance: `node run.mjs [COUNT] MODULE`.

import v8 from 'node:v8'
import { Worker } from 'node:worker_threads'

import { assert, finish, test } from '../harness.mjs'

/** How many instances run out of stack in each of the ways. */
const COUNT = process.argv.length > 3 ? Number(process.argv[2]) : 240
/** An instance that says nothing for so many seconds hangs. After so many that do, it is clear. */
const SECONDS = 10
const HANGING = 3

// Frames must be as long in the call that overflows as in the one that measured.
v8.setFlagsFromString('--no-wasm-tier-up')

/** Has a worker run instances from this number on; resolves with the number of the next one, if this worker could not go on. */
function work(kind, first, count, all) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('subject.mjs', import.meta.url), {
      workerData: { kind, first, count },
      argv: [process.argv.at(-1)],
      resourceLimits: { stackSizeMb: 0.5 },
    })
    let fared = { number: first }
    let watch
    const end = async (next) => {
      clearTimeout(watch)
      await worker.terminate()
      resolve(next)
    }
    const wait = () => {
      clearTimeout(watch)
      watch = setTimeout(() => {
        all.push({ ...fared, problem: 'hangs' })
        end(fared.number + 1)
      }, SECONDS * 1000)
    }
    wait()
    worker.on('error', (error) => (clearTimeout(watch), reject(error)))
    worker.on('message', (message) => {
      wait()
      if (message.done) return end(count)
      fared = message.fared
      if (message.ended) all.push(fared)
    })
  })
}

/** How all instances fared whose stack ends in this way. */
async function instances(kind, count) {
  const all = []
  for (let next = 0; next < count && all.filter(({ problem }) => problem === 'hangs').length < HANGING; ) {
    next = await work(kind, next, count, all)
  }
  return all
}

/** Where it ended, and what came of it, most often first. */
function table(them) {
  const rows = new Map()
  for (const { where, problem } of them) {
    const row = `${(problem ?? 'fine').replace(/\s+/g, ' ').replace(/\d+/g, 'N').slice(0, 90)}: ${where.slice(0, 4).join(' < ')}`
    rows.set(row, (rows.get(row) ?? 0) + 1)
  }
  return [...rows].sort(([, a], [, b]) => b - a).map(([row, count]) => `        ${count} ${row}`)
}

const calm = await instances('calm', 20)
test('control: instances whose stack does not end', () => {
  assert.deepEqual(calm.filter(({ problem }) => problem), [])
  assert.equal(calm.length, 20)
})

// The engine's stack ends where a function begins; the module's where a function first writes to it.
for (const kind of ['engine', 'module']) {
  const all = await instances(kind, COUNT)
  test(`h35_an_instance_goes_on_after_the_${kind}s_stack_has_ended_in_the_allocator`, () => {
    const ended = all.filter(({ where }) => where)
    const bad = ended.filter(({ problem }) => problem)
    console.log(`        ${ended.length} of ${all.length} ended in the allocator, ${bad.length} were dead or corrupt then`)
    assert.ok(ended.length > COUNT / 4, 'too few ended there to tell')
    assert.ok(new Set(ended.map(({ where }) => where.at(-1))).size > 8, 'too few operations')
    assert.deepEqual(table(bad), [])
    assert.deepEqual(all.filter(({ problem }) => problem), [])
  })
}

finish()
