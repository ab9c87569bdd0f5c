// What the example does, for a page and for node: primes, by four threads.

import { startThreads } from './threads.js'

const THREADS = 4
const LIMIT = 3_000_000

export async function primes(source, say) {
  const { memory, exports, threads } = await startThreads(source, THREADS)
  for (let turn = 1; turn <= 2; turn += 1) {
    const answers = await Promise.all(threads.map((thread) => thread.call('work', LIMIT)))
    const grown = answers.flatMap(({ grown }) => grown)
    // This thread frees what the others allocated.
    say(`turn ${turn}: ${exports.take_found()} primes below ${LIMIT}, by ${THREADS} threads`)
    say(`  memory has ${memory.size} bytes; it grew for ${[...new Set(grown.map(({ owner, call }) => `\`${owner}\` in \`${call}\``))].join(', ') || 'nobody'}`)
  }
  // A view of now, though it was other threads that made memory grow.
  say(`a view has ${memory.view().length === memory.size ? 'all of it' : 'only a part of it'}`)
  say(`\n${memory.text(exports.map())}`)
  await Promise.all(threads.map((thread) => thread.end()))
}
