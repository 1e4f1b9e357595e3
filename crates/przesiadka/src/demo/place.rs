//! Everything served in this process, on free loopback ports, with a clock that starts in November.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use client::{Installation, Replica};
use platform::{clock, config::Loaded, servers::Addresses, telemetry::Telemetry};

use crate::{
    serve::Server,
    services::{self, Name},
};

/// A server with a folder of its own, of which at least the e-mails stay.
pub struct Place {
    loaded: Loaded,
    server: Server,
    telemetry: Telemetry,
}

impl Place {
    /// # Errors
    /// No folder or no port to be had.
    pub async fn start() -> anyhow::Result<Self> {
        let folder = new_folder()?;
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
        let Addresses { rest, grpc, ops } = self.server.addresses;
        Installation::embedded(Replica { rest, grpc, ops })
    }

    pub fn data_dir(&self) -> &Path {
        &self.loaded.config.data_dir
    }

    pub fn clock(&self) -> PathBuf {
        self.data_dir().join("clock")
    }

    /// The folder of the e-mails, and how many lie in it.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn mails(&self) -> anyhow::Result<(PathBuf, usize)> {
        let mails = services::mail_folder(&self.loaded);
        let count = std::fs::read_dir(&mails).with_context(|| mails.display().to_string())?.count();
        Ok((mails, count))
    }

    pub fn addresses(&self) -> String {
        let Addresses { rest, grpc, .. } = self.server.addresses;
        format!("REST      http://{rest}  (docs http://{rest}/docs)\ngRPC      http://{grpc}")
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

    /// Ends the server, and leaves nothing but the e-mails: nobody can use the databases without it.
    ///
    /// # Errors
    /// What ended the server otherwise; a file that cannot be removed.
    pub async fn stop(self) -> anyhow::Result<()> {
        let (folder, mails) = (self.data_dir().to_owned(), services::mail_folder(&self.loaded));
        self.server.shutdown.stop(Duration::ZERO, super::PATIENCE);
        let ended = self.server.wait().await;
        self.telemetry.shutdown().await;
        ended?;
        for entry in std::fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            if path != mails {
                let removed =
                    if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
                removed.with_context(|| path.display().to_string())?;
            }
        }
        Ok(())
    }
}

/// One that was not there: an earlier demo's clock and databases are ahead of this one's.
fn new_folder() -> anyhow::Result<PathBuf> {
    let (temp, process) = (std::env::temp_dir(), std::process::id());
    for number in 1.. {
        let folder = temp.join(format!("przesiadka-demo-{process}-{number}"));
        match std::fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(e).with_context(|| folder.display().to_string()),
        }
    }
    unreachable!("a number that is free comes first")
}
