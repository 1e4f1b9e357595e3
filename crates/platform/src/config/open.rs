//! From settings to the things that they describe.

use std::time::Duration;

use anyhow::Context as _;
use secrecy::ExposeSecret as _;

use super::{BusKind, ClockKind, Config, DatabaseKind, IssuerConfig};
use crate::{
    auth::{DevelopmentIssuer, Issuer, Jwks, JwksSource, Verifier},
    bus::JetStreamConfig,
    clock::Clock,
    db::Db,
    files::{Files, FilesError},
    pem::ClientTls,
    private,
};

impl IssuerConfig {
    /// # Errors
    /// It has none.
    pub fn keys(&self) -> anyhow::Result<Jwks> {
        Jwks::new(match (&self.jwks_url, &self.jwks_file) {
            (Some(url), _) => JwksSource::Url(url.clone()),
            (None, Some(file)) => JwksSource::File(file.clone()),
            (None, None) => anyhow::bail!("issuer {} has no keys", self.name),
        })
    }
}

impl Config {
    /// All issuers, with the development one where it is allowed.
    pub fn verifier(&self) -> anyhow::Result<Verifier> {
        let mut issuers = Vec::new();
        if self.auth.development {
            issuers.push(DevelopmentIssuer::open(&self.data_dir)?.issuer()?);
        }
        for issuer in &self.auth.issuers {
            issuers.push(Issuer {
                name: issuer.name.clone(),
                audience: issuer.audience.clone(),
                roles: issuer.roles.clone(),
                keys: issuer.keys()?,
            });
        }
        Ok(Verifier::new(issuers))
    }

    /// Reads the files of certificates and keys that these services use.
    ///
    /// # Errors
    /// One that cannot be used, with the setting that names it.
    pub async fn check_files(&self, services: &[&str]) -> anyhow::Result<()> {
        for (port, listen) in [("rest", &self.rest), ("grpc", &self.grpc), ("ops", &self.ops)] {
            if let Some(tls) = &listen.tls {
                tls.check().with_context(|| format!("{port}.tls"))?;
            }
        }
        for (setting, tls) in self.client_tls(services)? {
            tls.check().context(setting)?;
        }
        for (i, issuer) in self.auth.issuers.iter().enumerate() {
            let Some(file) = &issuer.jwks_file else { continue };
            let jwks = Jwks::new(JwksSource::File(file.clone()))?;
            jwks.check().await.with_context(|| format!("auth.issuers[{i}].jwks_file"))?;
        }
        Ok(())
    }

    /// TLS to NATS and to the databases of these services, each with the setting that names its files.
    ///
    /// # Errors
    /// A database's URL that cannot be read.
    pub fn client_tls(&self, services: &[&str]) -> anyhow::Result<Vec<(String, ClientTls)>> {
        let mut all = Vec::new();
        if let Some(tls) = self.bus.tls.as_ref().filter(|_| self.bus.kind == BusKind::Nats) {
            all.push(("bus.tls".to_owned(), tls.clone()));
        }
        if self.database.kind == DatabaseKind::Postgres {
            for service in services {
                let Some(url) = self.database.url(service) else { continue };
                let setting = format!("database.{service}.url");
                let tls = Db::tls_of_postgres(url.expose_secret()).with_context(|| setting.clone())?;
                all.push((setting, tls));
            }
        }
        Ok(all)
    }

    pub fn business_clock(&self) -> anyhow::Result<Clock> {
        match (self.clock.kind, &self.clock.file) {
            (ClockKind::System, _) => Ok(Clock::System),
            (ClockKind::Simulated, Some(file)) => Clock::simulated(file)
                .with_context(|| format!("cannot read the simulated clock {}", file.display())),
            (ClockKind::Simulated, None) => anyhow::bail!("clock.file is not given"),
        }
    }

    /// Opens a service's database; PostgreSQL connects when it is used.
    pub async fn open_database(&self, service: &str) -> anyhow::Result<Db> {
        match self.database.kind {
            DatabaseKind::Sqlite => {
                private::create_dir_all(&self.data_dir)
                    .with_context(|| format!("cannot make {}", self.data_dir.display()))?;
                let file = self.data_dir.join(format!("{service}.db"));
                Db::sqlite(&file).await.with_context(|| format!("cannot open {}", file.display()))
            }
            DatabaseKind::Postgres => {
                let url = self.database.url(service);
                let url = url.with_context(|| format!("database.{service}.url is not given"))?;
                let db = Db::postgres(url.expose_secret(), self.database.max_connections);
                db.with_context(|| format!("database.{service}.url cannot be read"))
            }
        }
    }

    /// A service's files.
    ///
    /// # Errors
    /// Settings that cannot be used.
    pub fn open_files(&self, service: &str) -> Result<Files, FilesError> {
        Files::open(&self.files, &self.data_dir, service)
    }

    /// For [`crate::bus::JetStream::connect`].
    pub fn jetstream(&self) -> JetStreamConfig {
        const DAY: Duration = Duration::from_secs(86_400);
        let bus = self.bus.clone();
        JetStreamConfig {
            url: bus.url,
            user: bus.user,
            password: bus.password,
            tls: bus.tls,
            stream: bus.stream,
            prefix: bus.prefix,
            replicas: bus.replicas,
            max_age: DAY.saturating_mul(u32::try_from(bus.max_age_days).unwrap_or(u32::MAX)),
            max_bytes: bus.max_bytes,
        }
    }
}
