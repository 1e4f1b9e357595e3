//! Everything served in this process, on free loopback ports, with a clock that starts in November.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use client::{Installation, Replica};
use platform::{clock, config::Loaded, telemetry::Telemetry};

use crate::{
    serve::Server,
    services::{self, Name},
};

/// A server with a folder of its own, which stays: it holds the e-mails.
pub struct Place {
    loaded: Loaded,
    server: Server,
    telemetry: Telemetry,
}

impl Place {
    /// # Errors
    /// No folder or no port to be had.
    pub async fn start() -> anyhow::Result<Self> {
        let folder = std::env::temp_dir().join(format!("przesiadka-demo-{}", std::process::id()));
        std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        let clock = folder.join("clock");
        clock::set_simulated(&clock, client::at("2026-11-09 09:00"))?;
        let text = |path: &Path| path.display().to_string();
        let settings = [
            ("PRZESIADKA__DATA_DIR", text(&folder)),
            ("PRZESIADKA__CLOCK__KIND", "simulated".to_owned()),
            ("PRZESIADKA__CLOCK__FILE", text(&clock)),
            ("PRZESIADKA__REST__LISTEN", "127.0.0.1:0".to_owned()),
            ("PRZESIADKA__GRPC__LISTEN", "127.0.0.1:0".to_owned()),
            ("PRZESIADKA__OPS__LISTEN", "127.0.0.1:0".to_owned()),
            ("PRZESIADKA__TELEMETRY__FILTER", std::env::var("RUST_LOG").unwrap_or("warn".to_owned())),
        ];
        let loaded = Loaded::read(None, settings.map(|(name, value)| (name.to_owned(), value)))?;
        let telemetry = Telemetry::start(&loaded.config.telemetry, &["demo"])?;
        let server = Server::start(&loaded, &Name::ALL).await?;
        let place = Self { loaded, server, telemetry };
        place.installation().settled(super::PATIENCE).await?;
        Ok(place)
    }

    pub fn installation(&self) -> Installation {
        let platform::servers::Addresses { rest, grpc, ops } = self.server.addresses;
        Installation::embedded(Replica { rest, grpc, ops })
    }

    pub fn data_dir(&self) -> &Path {
        &self.loaded.config.data_dir
    }

    pub fn clock(&self) -> PathBuf {
        self.data_dir().join("clock")
    }

    /// # Errors
    /// The folder of the e-mails cannot be read.
    pub fn where_things_lie(&self) -> anyhow::Result<String> {
        let mails = services::mail_folder(&self.loaded);
        let count = std::fs::read_dir(&mails).with_context(|| mails.display().to_string())?.count();
        let addresses = self.server.addresses;
        Ok(format!(
            "{count} e-mails (.eml) in {}\nREST     http://{1}  (docs http://{1}/docs)\ngRPC     http://{2}",
            mails.display(),
            addresses.rest,
            addresses.grpc,
        ))
    }

    /// # Errors
    /// What ended the server otherwise.
    pub async fn until_interrupted(self) -> anyhow::Result<()> {
        let shutdown = &self.loaded.config.shutdown;
        self.server.shutdown.on_signals(shutdown.delay(), shutdown.deadline())?;
        let ended = self.server.wait().await;
        self.telemetry.shutdown().await;
        ended
    }

    /// # Errors
    /// What ended the server otherwise.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.server.shutdown.stop(Duration::ZERO, super::PATIENCE);
        let ended = self.server.wait().await;
        self.telemetry.shutdown().await;
        ended
    }
}
