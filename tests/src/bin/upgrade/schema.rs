//! A database's schema as statements meet it, the same of both databases.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use anyhow::Context as _;
use platform::db::{Db, query_one};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    pub tables: Tables,
    pub compatibility: i64,
    /// How many changes it has had.
    pub changes: i64,
}

/// By name.
pub type Tables = BTreeMap<String, Table>;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    pub columns: BTreeMap<String, Column>,
    /// What a statement can break, in the database's words: keys, unique indexes, checks, triggers.
    pub rules: BTreeSet<String>,
    /// What only makes statements quick, in the database's words.
    pub indexes: BTreeSet<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    pub kind: String,
    pub not_null: bool,
    /// Also what else the database gives it by itself.
    pub default: Option<String>,
}

impl Schema {
    /// # Errors
    /// Those of the database.
    pub async fn with(db: &Db, tables: Tables) -> anyhow::Result<Self> {
        let sql = "select compatibility, (select count(*) from seaql_migrations) as changes from head";
        let row = query_one(db.read(), sql, vec![]).await?.context("no row in head")?;
        Ok(Self {
            tables,
            compatibility: row.try_get("", "compatibility")?,
            changes: row.try_get("", "changes")?,
        })
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.kind, if self.not_null { " not null" } else { "" })?;
        self.default.as_ref().map_or(Ok(()), |default| write!(f, " default {default}"))
    }
}
