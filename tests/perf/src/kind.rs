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

/// Where rows run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    Native,
    Wasm,
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
    pub const ALL: [Self; 2] = [Self::Native, Self::Wasm];

    /// As tables call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Wasm => "wasm",
        }
    }
}
