//! A lane: one producing service and one company, the unit of order.

use std::{fmt, str::FromStr};

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

/// How far a lane has got: `<service>/<lane>/<seq>`. A command's answer carries it in
/// `x-przesiadka-position`; a request that sends it back in `x-przesiadka-after` sees that command's effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LanePosition {
    pub service: String,
    pub lane: Lane,
    pub seq: i64,
}

impl fmt::Display for LanePosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.service, self.lane, self.seq)
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
            seq: next()?.parse().map_err(|_| FORM)?,
        })
    }
}
