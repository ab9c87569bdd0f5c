// The example in node: `node run.mjs MODULE`, in a folder that has freehold.js too.

import { readFileSync } from 'node:fs'

import { primes } from './primes.js'

await primes(readFileSync(process.argv[2]), console.log)
