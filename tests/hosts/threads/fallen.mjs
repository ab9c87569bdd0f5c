// h35: a worker is ended inside the allocator, where it holds a lock: whoever comes next must not wait for ever, but go on or be told.
// `node fallen.mjs MODULE`; each try is a process of its own, `node fallen.mjs CLAIM TURNS MODULE`, as today's may be one that hangs.

import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import { assert, finish, test } from '../harness.mjs'
import { crew } from './workers.mjs'

const EVER = 2 ** 32 - 1
/** As many turns as a claim may take that others wait for: a part of a second. */
const A_WHILE = 20_000_000
/** Whoever waits for a thread that is not there any more is told within so many seconds. */
const SECONDS = 90

/** A worker comes to the backing of this claim, which keeps it there, and is ended if that is for ever; then this thread claims too. */
async function attempt(claim, turns) {
  const { guest, ready, workers, end } = crew()
  try {
    await ready(SECONDS)
    guest.exports.set_turns(turns)
    workers[0].postMessage({ name: 'claim_this', words: [claim] })
    while (!guest.exports.is_inside()) await sleep(1)
    if (turns === EVER) {
      await workers[0].terminate()
      // Whoever comes next is not kept.
      guest.exports.set_turns(0)
    }
    try {
      guest.exports.claim_this(claim)
      console.log('it went on')
    } catch (error) {
      console.log(`it was told: ${guest.text.trim()} (${error.message})`)
    }
  } finally {
    await end()
  }
}

/** The same in a process of its own: what it said, and whether it had to be ended. */
function observe(claim, turns) {
  return new Promise((resolve) => {
    const words = [fileURLToPath(import.meta.url), claim, turns, process.argv.at(-1)]
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'], timeout: SECONDS * 1000, killSignal: 'SIGKILL' })
    let text = ''
    child.stdout.on('data', (data) => (text += data))
    child.on('close', (status, signal) => resolve({ text: text.trim(), signal }))
  })
}

if (process.argv.length > 3) {
  await attempt(Number(process.argv[2]), Number(process.argv[3]))
} else {
  const { guest, ready, end } = crew()
  await ready(SECONDS)
  const names = Array.from({ length: guest.exports.claims() }, (_, claim) => {
    guest.text = ''
    guest.exports.name_claim(claim)
    return guest.text.trim()
  })
  await end()
  const all = (turns) => Promise.all(names.map((_, claim) => observe(claim, turns)))
  const waited = await all(A_WHILE)
  const fallen = await all(EVER)
  for (const [claim, name] of names.entries()) {
    test(`h35_whoever_waits_for_one_that_takes_a_while_goes_on: ${name}`, () => {
      assert.deepEqual(waited[claim], { text: 'it went on', signal: null })
    })
    test(`h35_whoever_waits_for_one_that_was_ended_goes_on_or_is_told: ${name}`, () => {
      console.log(`        ${fallen[claim].text}`)
      assert.equal(fallen[claim].signal, null, `nothing within ${SECONDS} s`)
      assert.match(fallen[claim].text, /^it went on$|^it was told: .{10}/s)
    })
  }
  finish()
}
