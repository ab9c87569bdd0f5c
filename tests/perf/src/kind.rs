//! Who is measured, and where.

use serde::Serialize;

/// What a contender is.
#[derive(Clone, Copy, Debug, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Written by hand.
    Limit,
    /// freehold.
    Ours,
    /// Another crate.
    Peer,
}

/// What programs are built for.
#[derive(Clone, Copy, Debug, Serialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    Native,
    Wasm,
}

/// Where rows are timed: natively, or in an engine.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub struct Place {
    /// As tables call it: of an engine with its version, and whether modules have hints.
    pub name: String,
    pub platform: Platform,
}

impl std::str::FromStr for Kind {
    type Err = anyhow::Error;

    fn from_str(word: &str) -> anyhow::Result<Self> {
        Ok(match word {
            "limit" => Self::Limit,
            "ours" => Self::Ours,
            "peer" => Self::Peer,
            _ => anyhow::bail!("`{word}` is no kind of contender"),
        })
    }
}

impl Platform {
    /// As tables call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Wasm => "wasm",
        }
    }
}
