//! `config check`: everything that a start reads, without starting.

use platform::{Edge, clock::Clock, config::Loaded, core::Core, db::Db};
use tonic::service::RoutesBuilder;

use crate::services::{Assembled, Name};

/// # Errors
/// What would stop `serve` for these services; databases and the bus are not asked.
pub async fn check(loaded: &Loaded, names: &[Name]) -> anyhow::Result<()> {
    let config = &loaded.config;
    let words: Vec<_> = names.iter().map(|name| name.as_str()).collect();
    config.check_services(&words)?;
    config.check_files(&words).await?;
    for name in names {
        assemble(loaded, *name)?;
    }
    Ok(())
}

/// Makes a service as at a start, on a database that nobody opens.
///
/// # Errors
/// Data files or settings that cannot be used.
pub fn assemble(loaded: &Loaded, name: Name) -> anyhow::Result<Assembled> {
    let edge = Edge::new(Default::default(), loaded.config.limits.edge());
    let core = Core::new(name.as_str(), Db::postgres("postgres://nobody@localhost/none", 1)?, Clock::System);
    name.assemble(core, &edge, loaded, &mut RoutesBuilder::default())
}
