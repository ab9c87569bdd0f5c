//! The loops of an x86-64 function.

use std::collections::HashMap;

use iced_x86::{
    Decoder, DecoderOptions, FlowControl, Instruction, InstructionInfoFactory, InstructionInfoOptions, OpAccess,
    Register,
};
use object::{Object, ObjectSection, ObjectSymbol};

use crate::{Counts, graph::Graph};

/// The instructions of an exported function.
///
/// # Panics
///
/// If the library has no such function.
pub fn function(library: &[u8], name: &str) -> Vec<Instruction> {
    let file = object::File::parse(library).expect("a library that rustc has made");
    let mut symbols = file.dynamic_symbols();
    let symbol = symbols.find(|symbol| symbol.name() == Ok(name)).unwrap_or_else(|| panic!("no function {name}"));
    let section = symbol.section_index().and_then(|index| file.section_by_index(index).ok()).expect("its section");
    let code = section.data_range(symbol.address(), symbol.size());
    let code = code.ok().flatten().expect("its code");
    Decoder::with_ip(64, code, symbol.address(), DecoderOptions::NONE).into_iter().collect()
}

/// What each innermost loop does.
pub fn loops(instructions: &[Instruction]) -> Vec<Counts> {
    let places: HashMap<u64, usize> = instructions.iter().map(Instruction::ip).zip(0..).collect();
    let next = instructions.iter().map(|instruction| {
        let (straight, target) = (instruction.next_ip(), instruction.near_branch_target());
        let next = match instruction.flow_control() {
            FlowControl::UnconditionalBranch => vec![target],
            FlowControl::ConditionalBranch => vec![straight, target],
            FlowControl::Next | FlowControl::Call | FlowControl::IndirectCall => vec![straight],
            _ => vec![],
        };
        next.iter().filter_map(|ip| places.get(ip).copied()).collect()
    });
    let is_call = |instruction: &Instruction| count(instruction).calls > 0;
    let calls = (0..).zip(instructions).filter(|(_, instruction)| is_call(instruction)).map(|(at, _)| at);
    let graph = Graph { next: next.collect(), calls: calls.collect() };
    Counts::of_loops(&graph, |at| count(&instructions[at]))
}

/// How many values are chosen without a branch: conditional moves.
pub fn choices(instructions: &[Instruction]) -> usize {
    instructions.iter().filter(|instruction| format!("{:?}", instruction.mnemonic()).starts_with("Cmov")).count()
}

fn count(instruction: &Instruction) -> Counts {
    let mut factory = InstructionInfoFactory::new();
    let info = factory.info_options(instruction, InstructionInfoOptions::NONE);
    let memory = |wanted: &[OpAccess]| info.used_memory().iter().filter(|used| wanted.contains(&used.access())).count();
    let flow = instruction.flow_control();
    Counts {
        instructions: 1,
        loads: memory(&[OpAccess::Read, OpAccess::CondRead, OpAccess::ReadWrite, OpAccess::ReadCondWrite]),
        stores: memory(&[OpAccess::Write, OpAccess::CondWrite, OpAccess::ReadWrite, OpAccess::ReadCondWrite]),
        calls: usize::from(matches!(flow, FlowControl::Call | FlowControl::IndirectCall)),
        cold_calls: 0,
        branches: usize::from(flow == FlowControl::ConditionalBranch),
        stack: usize::from(info.used_registers().iter().any(|used| used.register() == Register::RSP)),
    }
}
