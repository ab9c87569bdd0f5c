// Runs modules in node: node run.mjs MODULE ...
//
// It reads lines and answers each with a line, as a native program does (harness/src/program.rs). Each contender of a row has
// an instance of its own, so that none finds its memory in the state that another left it in. One module has all contenders
// in it; of several modules, each is a contender.

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

// Past this an instance is thrown away after each sample: on wasm memory only grows, and there are many contenders.
const LARGE = 256 << 20;

const modules = process.argv.slice(2).map((path) => new WebAssembly.Module(readFileSync(path)));

function start(contender) {
  const module = modules[modules.length > 1 ? contender : 0];
  return new WebAssembly.Instance(module, { host: { now: () => performance.now() } }).exports;
}

function text(exports) {
  const bytes = new Uint8Array(exports.memory.buffer, exports.text_ptr(), exports.text_len());
  return new TextDecoder().decode(bytes);
}

function measure(exports, row, contender, placement, iterations) {
  const nanoseconds = exports.measure(row, modules.length > 1 ? 0 : contender, placement, iterations);
  return `${nanoseconds} ${BigInt.asUintN(64, exports.checksum())} ${exports.claimed()}`;
}

let current = { row: -1, instances: [] };

function round(row, placement, ...iterations) {
  if (current.row !== row) current = { row, instances: [] };
  const { instances } = current;
  const answers = [];
  iterations.forEach((count, contender) => {
    if (count === 0) return;
    instances[contender] ??= start(contender);
    answers.push(measure(instances[contender], row, contender, placement, count));
    if (instances[contender].memory.buffer.byteLength > LARGE) {
      instances[contender] = undefined;
      globalThis.gc?.();
    }
  });
  return answers.join(" ");
}

const requests = {
  list() {
    const exports = start(0);
    exports.list();
    return text(exports);
  },
  round,
  fresh: (row, contender, placement, iterations) => measure(start(contender), row, contender, placement, iterations),
};

for await (const line of createInterface({ input: process.stdin })) {
  const [word, ...numbers] = line.split(" ");
  console.log(requests[word](...numbers.map(Number)));
}
