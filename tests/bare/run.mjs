// Every case of the suite, each in an instance of its own.

import { finish, Guest, test } from '../hosts/harness.mjs'

const { exports } = new Guest()
for (const name of Object.keys(exports).filter((name) => typeof exports[name] === 'function')) {
  test(name, () => new Guest().exports[name]())
}

finish()
