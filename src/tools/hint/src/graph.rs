//! A function's instructions as a graph: which may follow which.
//!
//! An exception is no way from here to there, as a trap is none: where both are rare they say nothing about what is likely. Only so
//! that it is known which instructions are ever reached, the places where exceptions are caught are noted too.

use wasmparser::{Catch, FunctionBody, Handle, Operator};

use crate::problem::Problem;

/// An instruction.
pub struct Node {
    /// Where it is, in bytes from where the function's local variables are declared, as hints count.
    pub offset: u32,
    /// Those that may follow. Of a [`Branch`] there are two: first the next one, then the one further on.
    pub next: Vec<usize>,
    /// Those that may follow when an exception was caught.
    pub caught: Vec<usize>,
    /// What it is to whoever looks for branches and calls.
    pub kind: Kind,
}

/// What an instruction is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// An instruction that can have a hint.
    Branch(Branch),
    /// A call of this function.
    Call(u32),
    /// The function ends here by itself.
    Return,
    /// Nothing of the sort; if nothing follows, all ends here in a trap or an exception.
    Other,
}

/// The two instructions that can have a hint.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Branch {
    /// Goes on with the next one if its condition holds.
    If,
    /// Goes further if its condition holds.
    BrIf,
}

/// A block that is open.
struct Open {
    /// Where a branch to it goes, if that is known already: a loop's start.
    start: Option<usize>,
    /// Those that go to its end, which is not known yet.
    to_end: Vec<Edge>,
    /// An `if` whose condition may fail, and that has had no `else`.
    without_else: Option<usize>,
    /// A `try` of the older kind, which other parts may follow.
    tries: Option<usize>,
}

/// The start of a way.
#[derive(Clone, Copy)]
enum Edge {
    Next(usize),
    Caught(usize),
}

/// The nodes of a function, of which there is one at least, in the order in which they lie.
pub fn of(body: &FunctionBody<'_>) -> Result<Vec<Node>, Problem> {
    let start = body.range().start;
    let mut building = Building { nodes: Vec::new(), open: vec![Open::block()] };
    for operator in body.get_operators_reader()?.into_iter_with_offsets() {
        let (operator, at) = operator?;
        let offset = u32::try_from(at - start).map_err(|_| damaged("a function of more than 4 GiB"))?;
        building.add(&operator, offset)?;
    }
    if building.open.is_empty() { Ok(building.nodes) } else { Err(damaged("a function without an end")) }
}

fn damaged(what: &str) -> Problem {
    Problem::Damaged(what.into())
}

impl Open {
    fn block() -> Open {
        Open { start: None, to_end: Vec::new(), without_else: None, tries: None }
    }
}

struct Building {
    nodes: Vec<Node>,
    /// Outermost first: the function itself.
    open: Vec<Open>,
}

impl Building {
    fn add(&mut self, operator: &Operator<'_>, offset: u32) -> Result<(), Problem> {
        let here = self.nodes.len();
        let mut node = Node { offset, next: vec![here + 1], caught: Vec::new(), kind: Kind::Other };
        match operator {
            Operator::Unreachable | Operator::Throw { .. } | Operator::ThrowRef | Operator::Rethrow { .. } => {
                node.next.clear();
            }
            Operator::Return | Operator::ReturnCallIndirect { .. } | Operator::ReturnCallRef { .. } => {
                node.next.clear();
                node.kind = Kind::Return;
            }
            Operator::ReturnCall { function_index } => {
                node.next.clear();
                node.kind = Kind::Call(*function_index);
            }
            Operator::Call { function_index } => node.kind = Kind::Call(*function_index),
            Operator::If { .. } => node.kind = Kind::Branch(Branch::If),
            Operator::BrIf { .. } => node.kind = Kind::Branch(Branch::BrIf),
            // The part before it is over, and goes on after the end.
            Operator::Else
            | Operator::Catch { .. }
            | Operator::CatchAll
            | Operator::Br { .. }
            | Operator::BrTable { .. } => {
                node.next.clear();
            }
            _ => {}
        }
        self.nodes.push(node);
        self.lead(operator, here)
    }

    /// Draws the ways from `here` that lead further than to the next instruction, and opens and closes blocks.
    fn lead(&mut self, operator: &Operator<'_>, here: usize) -> Result<(), Problem> {
        use Operator as O;
        match operator {
            O::Block { .. } => self.open.push(Open::block()),
            O::Loop { .. } => self.open.push(Open { start: Some(here), ..Open::block() }),
            O::If { .. } => self.open.push(Open { without_else: Some(here), ..Open::block() }),
            O::Try { .. } => self.open.push(Open { tries: Some(here), ..Open::block() }),
            O::TryTable { try_table } => {
                // Outside of the block that it opens.
                for catch in &try_table.catches {
                    let (Catch::One { label, .. }
                    | Catch::OneRef { label, .. }
                    | Catch::All { label }
                    | Catch::AllRef { label }) = catch;
                    self.to(*label, Edge::Caught(here))?;
                }
                self.open.push(Open::block());
            }
            O::Else => {
                let open = self.innermost()?;
                open.to_end.push(Edge::Next(here));
                let branch = open.without_else.take().ok_or_else(|| damaged("an `else` without an `if`"))?;
                self.nodes[branch].next.push(here + 1);
            }
            O::Catch { .. } | O::CatchAll => {
                let open = self.innermost()?;
                open.to_end.push(Edge::Next(here));
                let tries = open.tries.ok_or_else(|| damaged("a `catch` without a `try`"))?;
                self.nodes[tries].caught.push(here + 1);
            }
            O::End | O::Delegate { .. } => self.close(here)?,
            O::Br { relative_depth }
            | O::BrIf { relative_depth }
            | O::BrOnNull { relative_depth }
            | O::BrOnNonNull { relative_depth }
            | O::BrOnCast { relative_depth, .. }
            | O::BrOnCastFail { relative_depth, .. }
            | O::BrOnCastDescEq { relative_depth, .. }
            | O::BrOnCastDescEqFail { relative_depth, .. } => self.to(*relative_depth, Edge::Next(here))?,
            O::BrTable { targets } => {
                for depth in targets.targets() {
                    self.to(depth?, Edge::Next(here))?;
                }
                self.to(targets.default(), Edge::Next(here))?;
            }
            O::Resume { resume_table, .. }
            | O::ResumeThrow { resume_table, .. }
            | O::ResumeThrowRef { resume_table, .. } => {
                for handle in &resume_table.handlers {
                    if let Handle::OnLabel { label, .. } = handle {
                        self.to(*label, Edge::Caught(here))?;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn innermost(&mut self) -> Result<&mut Open, Problem> {
        self.open.last_mut().ok_or_else(|| damaged("instructions after a function's end"))
    }

    /// A way to the block that is open so many blocks further out.
    fn to(&mut self, depth: u32, edge: Edge) -> Result<(), Problem> {
        let open = self.open.len().checked_sub(1 + depth as usize).and_then(|at| self.open.get_mut(at));
        let open = open.ok_or_else(|| damaged("a branch to a block that is not open"))?;
        match open.start {
            Some(start) => self.draw(edge, start),
            None => open.to_end.push(edge),
        }
        Ok(())
    }

    fn draw(&mut self, edge: Edge, to: usize) {
        match edge {
            Edge::Next(from) => self.nodes[from].next.push(to),
            Edge::Caught(from) => self.nodes[from].caught.push(to),
        }
    }

    fn close(&mut self, here: usize) -> Result<(), Problem> {
        let Open { to_end, without_else, .. } =
            self.open.pop().ok_or_else(|| damaged("instructions after a function's end"))?;
        to_end.into_iter().chain(without_else.map(Edge::Next)).for_each(|edge| self.draw(edge, here));
        if self.open.is_empty() {
            self.nodes[here].next.clear();
            self.nodes[here].kind = Kind::Return;
        }
        Ok(())
    }
}
