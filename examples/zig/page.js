// What the page does.

import { counter } from './words.js'

const show = (id) => document.getElementById(id)
const words = await counter(fetch('words.wasm'))

/** Counts, and shows what came of it. */
function count(text) {
  try {
    show('news').textContent = `${words.count(text)} different words; ${words.memory.size} bytes of memory`
    show('words').textContent = words.top(20).join('\n')
    show('map').textContent = words.map()
  } catch (error) {
    show('news').textContent = `refused: ${error.message}`
  }
}

show('count').onclick = () => count(show('text').value)
show('large').onclick = () => count('word '.repeat(1_000_000))
show('too-large').onclick = () => count('x'.repeat(20_000_000))
show('state').textContent = `ready: ${words.memory.size} bytes of memory at first`
