// Runs the demo's module in node: node run.mjs MODULE FILE|- [--name NAME] [--seconds S]
//
// It hands the bytes in, holds the watch, and prints. What is parsed, when, and how often is decided by the module, so
// that the native program does the same. Exit codes: those of `cargo demo --help`.

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { FreeholdError, Memory } from "../../src/bindings/javascript/freehold.js";

const ARENA = 1;
const FILE = 2;
const FAILED = 4;

class Problem extends Error {
  constructor(code, text) {
    super(text);
    this.code = code;
  }
}

function read(file) {
  try {
    return readFileSync(file === "-" ? 0 : file);
  } catch (error) {
    throw new Problem(FILE, error.message);
  }
}

async function run(modulePath, file, name, seconds) {
  const bytes = read(file);
  const { memory, exports } = await Memory.instantiate(read(modulePath));
  const text = () => memory.text(exports.text_ptr(), exports.text_len());
  const check = (code) => {
    if (code !== 0) throw new Problem(code, text());
  };

  check(exports.input(bytes.length));
  // The claim has just grown memory, and `memory` knows.
  memory.bytes(exports.input_ptr(), bytes.length).set(bytes);
  check(exports.open(seconds));

  for (let side; (side = exports.next()) !== 0; ) {
    const turn = () => {
      const start = performance.now();
      const code = exports.turn();
      exports.took(performance.now() - start);
      return code;
    };
    // The module says the same of itself in its verdict; but dead views are JavaScript's problem, so look.
    check(side === ARENA ? memory.frozen(turn) : turn());
  }

  check(exports.report());
  console.log(`${name}, in node ${process.version} on wasm32\n\n${text()}`);
  check(exports.verdict());
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { name: { type: "string" }, seconds: { type: "string", default: "2" } },
});
const [modulePath, file] = positionals;
if (file === undefined) {
  console.error("usage: node run.mjs MODULE FILE|- [--name NAME] [--seconds S]");
  process.exit(FILE);
}
const name = values.name ?? file;
try {
  await run(modulePath, file, name, Number(values.seconds));
} catch (error) {
  if (error instanceof WebAssembly.RuntimeError) {
    // Nothing here traps but the program's allocator, which aborts when there is no memory left.
    console.error(`${name}: the module stopped (${error.message}): out of memory on the program's allocator`);
    process.exitCode = FAILED;
  } else if (error instanceof FreeholdError) {
    console.error(`${name}: ${error.message}`);
    process.exitCode = FAILED;
  } else if (error instanceof Problem) {
    console.error(`${name}: ${error.message}`);
    process.exitCode = error.code;
  } else {
    throw error;
  }
}
