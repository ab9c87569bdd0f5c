"""Runs a WASI program in wasmtime: `python3 run_wasmtime.py MODULE [ARGUMENT...]`."""

import sys

import wasmtime

config = wasmtime.WasiConfig()
config.argv = sys.argv[1:]
config.inherit_stdin()
config.inherit_stdout()
config.inherit_stderr()
engine = wasmtime.Engine()
store = wasmtime.Store(engine)
store.set_wasi(config)
linker = wasmtime.Linker(engine)
linker.define_wasi()
module = wasmtime.Module.from_file(engine, sys.argv[1])
try:
    linker.instantiate(store, module).exports(store)["_start"](store)
except wasmtime.ExitTrap as trap:
    sys.exit(trap.code)
