// What the page does. `freehold.js` is the npm package; a bundler would find it as `freehold`.

import { Memory } from './freehold.js'
import init, * as script from './freehold_example_page.js'

const show = (id) => document.getElementById(id)
const canvas = document.querySelector('canvas')
const picture = canvas.getContext('2d')

// wasm-bindgen's script gives back the module's own exports.
const memory = new Memory(await init())
// A growth in one of its functions is told by that one's name. (Classes stay as they are: of those we say the names, by `during`.)
const { World, map, spans } = memory.watch(script)

// Who made memory grow, by how much, in which call.
memory.onGrow(({ owner, bytes, call, size }) => {
  const line = document.createElement('li')
  line.textContent = `memory grew by ${bytes} bytes for ${owner ?? 'somebody unknown'}, in ${call ?? 'no call of ours'}: ${size} now`
  show('news').append(line)
})

const world = memory.during('new World', () => new World(1000))
let turns = 0
let pairs = 0

function step() {
  pairs = memory.during('step', () => world.step())
  turns += 1
}

/** The points lie in the module's memory and are drawn from there, without a copy. Memory may have grown since the last turn: this view is of now. */
function drawPoints() {
  const points = memory.array(Float32Array, world.start(), 4 * world.count())
  const image = picture.createImageData(canvas.width, canvas.height)
  const pixels = new Uint32Array(image.data.buffer)
  for (let at = 0; at < points.length; at += 4) {
    const x = Math.min(canvas.width - 1, points[at] * canvas.width) | 0
    const y = Math.min(canvas.height - 1, points[at + 1] * canvas.height) | 0
    pixels[y * canvas.width + x] = 0xff80_3020
  }
  picture.putImageData(image, 0, 0)
}

/** A colour for each owner, and none for what is free. */
const colours = new Map([['', '#ddd']])
function colour(owner) {
  if (!colours.has(owner)) colours.set(owner, `hsl(${(colours.size * 137) % 360} 60% 55%)`)
  return colours.get(owner)
}

function drawMap() {
  show('map').textContent = map()
  show('bar').replaceChildren(...spans().split('\n').filter(Boolean).map((line) => {
    const [, length, owner] = line.match(/^(\d+) (.*)$/)
    const part = document.createElement('div')
    part.style.flexGrow = length
    part.style.background = colour(owner)
    part.title = `${owner || '(free)'}: ${length} bytes`
    return part
  }))
}

show('more').onclick = () => memory.during('add', () => world.add(3000))

show('freeze').onclick = () => {
  const line = document.createElement('li')
  step() // takes what a turn needs, if points have come
  try {
    memory.frozen(() => {
      for (let turn = 0; turn < 100; turn += 1) step()
    })
    line.textContent = '100 turns, and memory did not grow'
  } catch (error) {
    line.textContent = error.message
  }
  show('news').append(line)
}

function turn() {
  step()
  drawPoints()
  if (turns % 15 === 1) drawMap()
  show('turn').textContent = `turn ${turns}: ${pairs} pairs among ${world.count()} points`
  requestAnimationFrame(turn)
}
turn()
