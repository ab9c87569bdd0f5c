// Handles that JavaScript forgets. Wants an engine that shows its collector: `--expose-gc`.

import { Memory } from '../freehold.js'
import { equal, ok, same } from './assert.js'

/** Collects, until it is so; or fails after a while. */
async function collectUntil(isSo) {
  ok(typeof globalThis.gc === 'function', 'start the engine with --expose-gc')
  for (let turn = 0; turn < 200 && !isSo(); turn += 1) {
    globalThis.gc()
    await new Promise((done) => setTimeout(done, 5))
  }
  ok(isSo(), 'nothing was told')
}

const exports = () => {
  const open = new Set([64, 128])
  return { memory: new WebAssembly.Memory({ initial: 1 }), open, close: (address) => open.delete(address) }
}

/** Makes a handle in a function of its own, so that nobody keeps it. */
const forget = (memory, module, address) => void memory.own(address, module.close, `parser ${address}`)

export const forgetting = {
  'a handle that JavaScript forgot is told, and can be freed': async () => {
    const module = exports()
    const memory = new Memory(module)
    const told = []
    const stop = memory.onForgotten((forgotten) => told.push(forgotten))
    const kept = memory.own(128, module.close, 'kept')
    forget(memory, module, 64)
    await collectUntil(() => told.length > 0)
    same(told.map(({ what, address }) => [what, address]), [['parser 64', 64]])
    same([...module.open], [64, 128], 'nothing is freed behind your back')
    equal(memory.forgotten.length, 1)
    told[0].free()
    told[0].free()
    same([[...module.open], memory.forgotten.length], [[128], 0])
    kept.free()
    stop()
  },

  'what frees a forgotten one may come back to it, and may fail': async () => {
    const memory = new Memory(exports())
    const told = []
    memory.onForgotten((forgotten) => told.push(forgotten))
    let [fails, freed] = [true, 0]
    const close = () => {
      freed += 1
      if (freed > 3) throw new Error('for ever')
      told[0].free()
      if (fails) throw new Error('not now')
    }
    forget(memory, { close }, 64)
    await collectUntil(() => told.length > 0)
    let said
    try {
      told[0].free()
    } catch (error) {
      said = error.message
    }
    same([said, freed, memory.forgotten.length], ['not now', 1, 1])
    fails = false
    told[0].free()
    same([freed, memory.forgotten.length], [2, 0])
  },

  'one that was freed is not told': async () => {
    const module = exports()
    const memory = new Memory(module)
    const told = []
    memory.onForgotten(({ what }) => told.push(what))
    ;(() => memory.own(64, module.close, 'freed').free())()
    forget(memory, module, 128)
    await collectUntil(() => told.length > 0)
    globalThis.gc()
    same(told, ['parser 128'])
  },

  'without a listener the console says so, and it is kept': async () => {
    const module = exports()
    const memory = new Memory(module)
    const said = []
    const { warn } = console
    console.warn = (text) => said.push(text)
    try {
      forget(memory, module, 64)
      await collectUntil(() => said.length > 0)
    } finally {
      console.warn = warn
    }
    ok(said[0].includes('parser 64 at 0x40 was forgotten'), said[0])
    memory.forgotten[0].free()
    same([...module.open], [128])
  },
}
