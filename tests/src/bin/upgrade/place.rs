//! The four databases of one installation, and what a build's commands make of them.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Output},
};

use journeys::{Service, servers::Postgres};
use platform::db::{Db, execute};

use crate::{postgres, schema::Schema, sqlite};

pub struct Place {
    settings: Vec<(&'static str, String)>,
    urls: [String; 4],
}

impl Place {
    /// SQLite's files in a folder that is made for them.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn sqlite(folder: &Path) -> Self {
        fs::create_dir(folder).expect("a folder");
        let settings = vec![("PRZESIADKA__DATA_DIR", folder.display().to_string())];
        let file = |service: Service| folder.join(format!("{}.db", service.name()));
        Self { settings, urls: Service::ALL.map(|service| format!("sqlite://{}", file(service).display())) }
    }

    /// Empty databases with this in their names.
    ///
    /// # Errors
    /// They cannot be made.
    pub async fn postgres(server: &Postgres, name: &str) -> anyhow::Result<Self> {
        let mut settings = vec![("PRZESIADKA__DATABASE__KIND", "postgres".to_owned())];
        let db = Db::open(&server.url("postgres"), 1).await?;
        let mut urls = Vec::new();
        for service in Service::ALL {
            let name = format!("{}_{name}", service.name());
            execute(db.read(), &format!("create database {name}"), vec![]).await?;
            settings.push((service.database_url(), server.url(&name)));
            urls.push(server.url(&name));
        }
        db.close().await?;
        Ok(Self { settings, urls: urls.try_into().expect("one for each service") })
    }

    /// `schema up` of this build.
    ///
    /// # Errors
    /// What it said.
    pub fn up(&self, build: &Path) -> anyhow::Result<()> {
        let up = self.command(build, &["schema", "up"])?;
        anyhow::ensure!(up.status.success(), "{}", String::from_utf8_lossy(&up.stderr));
        Ok(())
    }

    /// What `schema status` of this build says, whether it calls that good or not.
    ///
    /// # Errors
    /// It does not start.
    pub fn status(&self, build: &Path) -> anyhow::Result<String> {
        Ok(String::from_utf8(self.command(build, &["schema", "status"])?.stdout)?)
    }

    /// By service, what its database has now.
    ///
    /// # Errors
    /// Those of the databases.
    pub async fn schemas(&self) -> anyhow::Result<BTreeMap<&'static str, Schema>> {
        let mut schemas = BTreeMap::new();
        for (service, url) in Service::ALL.into_iter().zip(&self.urls) {
            let db = Db::open(url, 1).await?;
            let tables =
                if db.is_sqlite() { sqlite::tables(&db).await? } else { postgres::tables(&db).await? };
            schemas.insert(service.name(), Schema::with(&db, tables).await?);
            db.close().await?;
        }
        Ok(schemas)
    }

    fn command(&self, build: &Path, arguments: &[&str]) -> std::io::Result<Output> {
        Command::new(build).env_clear().envs(self.settings.iter().cloned()).args(arguments).output()
    }
}
