//! A lane: one producing service and one company, the unit of order.

use std::{fmt, num::ParseIntError, str::FromStr};

use sea_orm::QueryResult;

use crate::{error::Error, id::CompanyId};

/// The company's part of a lane; `_global` for catalogues and policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lane {
    Global,
    Company(CompanyId),
}

impl Lane {
    /// The lane of a row, from its column `lane`.
    pub(crate) fn of(row: &QueryResult) -> Result<Self, Error> {
        let lane: String = row.try_get("", "lane")?;
        Ok(lane.parse().map_err(|_| anyhow::anyhow!("unknown lane {lane:?}"))?)
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Global => f.write_str("_global"),
            Self::Company(id) => id.fmt(f),
        }
    }
}

impl FromStr for Lane {
    type Err = uuid::Error;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        match s {
            "_global" => Ok(Self::Global),
            id => id.parse().map(Self::Company),
        }
    }
}

impl From<CompanyId> for Lane {
    fn from(id: CompanyId) -> Self {
        Self::Company(id)
    }
}

/// The place of an event on its lane. Its epoch comes first: a producer whose database was restored from a backup gives
/// some numbers anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number {
    /// 0 until the producer's database is restored; then when it was restored last, in milliseconds since 1970.
    pub epoch: i64,
    /// From 1, without gaps.
    pub seq: i64,
}

impl Number {
    /// In the epoch of a database that was never restored.
    pub const fn first(seq: i64) -> Self {
        Self { epoch: 0, seq }
    }

    /// The one after it.
    pub const fn next(self) -> Self {
        Self { seq: self.seq + 1, ..self }
    }

    /// Of a row with the columns `epoch` and `seq`.
    pub(crate) fn of(row: &QueryResult) -> Result<Self, Error> {
        Ok(Self { epoch: row.try_get("", "epoch")?, seq: row.try_get("", "seq")? })
    }
}

/// `<seq>`, or `<seq>/<epoch>` after a restoration.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.epoch {
            0 => write!(f, "{}", self.seq),
            epoch => write!(f, "{}/{epoch}", self.seq),
        }
    }
}

impl FromStr for Number {
    type Err = ParseIntError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let (seq, epoch) = s.split_once('/').unwrap_or((s, "0"));
        Ok(Self { epoch: epoch.parse()?, seq: seq.parse()? })
    }
}

/// How far a lane has got: `<service>/<lane>/<number>`. A command's answer carries it in
/// `x-przesiadka-position`; a request that sends it back in `x-przesiadka-after` sees that command's effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LanePosition {
    pub service: String,
    pub lane: Lane,
    pub number: Number,
}

impl fmt::Display for LanePosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.service, self.lane, self.number)
    }
}

impl FromStr for LanePosition {
    type Err = &'static str;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        const FORM: &str = "<service>/<company>/<number>";
        let mut parts = s.splitn(3, '/');
        let mut next = || parts.next().filter(|p| !p.is_empty()).ok_or(FORM);
        Ok(Self {
            service: next()?.to_owned(),
            lane: next()?.parse().map_err(|_| FORM)?,
            number: next()?.parse().map_err(|_| FORM)?,
        })
    }
}
