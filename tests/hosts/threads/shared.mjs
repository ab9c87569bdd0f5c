// One scenario in each of four workers, on a memory that they share: `node shared.mjs MODULE`. Its name, and its number of operations
// for all of them together, come by standard input.

import { readFileSync } from 'node:fs'

import { crew, WORKERS } from './workers.mjs'

const SECONDS = 25 * 60

const { all, end, one, ready } = crew()
const [name, operations] = readFileSync(0, 'utf8').split(' ')
console.log(`scenario ${name}`)
const sums = new Map()
try {
  await ready(SECONDS)
  for (const text of await all(SECONDS, 'say', name, Number(operations) / WORKERS)) {
    for (const [, what, number] of text.matchAll(/^([\w ]+): (\d+)/gm)) sums.set(what, (sums.get(what) ?? 0) + Number(number))
  }
  sums.set('passed on', await one(SECONDS, 'passed_on'))
  sums.set('lost', sums.get('lost') + (await one(SECONDS, 'lost_left')))
} catch (error) {
  console.log(error.message)
  process.exitCode = 1
} finally {
  await end()
}
for (const [what, sum] of sums) console.log(`${what}: ${sum}`)
