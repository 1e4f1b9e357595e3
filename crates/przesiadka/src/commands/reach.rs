//! How a command reaches a process: by its socket on this machine, or over the network with a token.

use std::{env, fs, path::PathBuf, time::Duration};

use anyhow::Context as _;
use clap::Args;
use client::{Direct, Error};
use platform::{config::Config, servers::local_socket};
use proto::{
    operations::v1::{ListServicesRequest, Service},
    request::Request,
};
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};

use super::output::Format;
use crate::services::Name;

/// Over the options of all commands that ask a process.
const WHERE: &str = "Where to ask";
const CONNECT: Duration = Duration::from_secs(5);
/// Longer than a process takes for any answer that is not a stream.
const ANSWER: Duration = Duration::from_secs(60);

/// Where to ask, and how the answer looks.
#[derive(Clone, Debug, Args)]
pub struct Reach {
    /// gRPC port of a process: https://HOST:PORT. PRZESIADKA_SERVER if not given; without either the processes on this
    /// machine are asked, by the sockets in data_dir and without a token.
    #[arg(long, value_name = "URL", global = true, help_heading = WHERE)]
    server: Option<String>,
    /// File with a token for --server; PRZESIADKA_TOKEN has the token itself if not given.
    #[arg(long, value_name = "FILE", global = true, help_heading = WHERE)]
    token_file: Option<PathBuf>,
    /// Authorities (PEM) to trust instead of the system's.
    #[arg(long, value_name = "FILE", global = true, help_heading = WHERE)]
    ca: Option<PathBuf>,
    /// Certificate (PEM) to show, where the port demands one.
    #[arg(long, value_name = "FILE", global = true, help_heading = WHERE, requires = "key")]
    cert: Option<PathBuf>,
    /// Its key.
    #[arg(long, value_name = "FILE", global = true, help_heading = WHERE, requires = "cert")]
    key: Option<PathBuf>,
    /// For people, or for programs.
    #[arg(long, value_enum, default_value_t, global = true)]
    pub output: Format,
}

/// The processes that can be asked.
pub enum Processes {
    /// One, over the network.
    Remote { url: String, process: Direct },
    /// Those on this machine, by their sockets.
    Local { data_dir: PathBuf },
}

impl Reach {
    /// # Errors
    /// Nobody answers at the address; no token; files that cannot be read.
    pub async fn processes(&self, config: &Config) -> anyhow::Result<Processes> {
        let given = self.server.clone().or_else(|| env::var("PRZESIADKA_SERVER").ok());
        let Some(url) = given.filter(|url| !url.is_empty()) else {
            return Ok(Processes::Local { data_dir: config.data_dir.clone() });
        };
        let token = self.token()?;
        let process = Direct::connect(self.endpoint(&url)?, &token).await;
        let process = process.with_context(|| format!("cannot reach {url}"))?;
        Ok(Processes::Remote { url, process })
    }

    fn token(&self) -> anyhow::Result<String> {
        let token = match &self.token_file {
            Some(file) => {
                fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?
            }
            None => env::var("PRZESIADKA_TOKEN").unwrap_or_default(),
        };
        let token = token.trim();
        anyhow::ensure!(!token.is_empty(), "a server needs a token: --token-file FILE, or PRZESIADKA_TOKEN");
        Ok(token.to_owned())
    }

    fn endpoint(&self, url: &str) -> anyhow::Result<Endpoint> {
        let endpoint =
            Endpoint::from_shared(url.to_owned()).with_context(|| format!("{url} is no address"))?;
        let endpoint = endpoint.connect_timeout(CONNECT);
        let uri = endpoint.uri().clone();
        if uri.scheme_str() != Some("https") {
            let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
            let here =
                host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
            anyhow::ensure!(here, "{url} is not https: a token goes in clear to this machine alone");
            return Ok(endpoint);
        }
        let read = |file: &PathBuf| fs::read(file).with_context(|| format!("cannot read {}", file.display()));
        let mut tls = match &self.ca {
            Some(file) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(read(file)?)),
            None => ClientTlsConfig::new().with_native_roots(),
        };
        if let (Some(cert), Some(key)) = (&self.cert, &self.key) {
            tls = tls.identity(Identity::from_pem(read(cert)?, read(key)?));
        }
        endpoint.tls_config(tls).context("certificates that cannot be used")
    }
}

impl Processes {
    /// One RPC of the process that runs `name`.
    ///
    /// # Errors
    /// Its refusal, or that no process of that service can be reached, and how it could be.
    pub async fn call<R: Request>(&self, name: Name, request: R) -> anyhow::Result<R::Response> {
        let process = self.of(name).await?;
        let answer = tokio::time::timeout(ANSWER, process.call(request)).await;
        answer.context("no answer within a minute")?.map_err(|error| self.explain(name, error))
    }

    /// The process that runs the service.
    ///
    /// # Errors
    /// It cannot be reached, and how it could be.
    pub async fn of(&self, name: Name) -> anyhow::Result<Direct> {
        match self {
            Self::Remote { process, .. } => Ok(process.clone()),
            Self::Local { data_dir } => {
                let socket = local_socket(data_dir, name.as_str());
                let process = Direct::local(&socket).await;
                process.map_err(|e| {
                    let socket = socket.display();
                    anyhow::anyhow!("no process here runs {name} ({socket}: {e}); {}", elsewhere(name))
                })
            }
        }
    }

    /// Those of the wanted services that can be asked.
    ///
    /// # Errors
    /// None can, or one that is named cannot.
    pub async fn running(&self, wanted: &[Name]) -> anyhow::Result<Vec<Name>> {
        let all = wanted.len() == Name::ALL.len();
        let mut running = Vec::new();
        match self {
            Self::Remote { url, .. } => {
                let there = self.services(wanted[0]).await?;
                let is_there = |name: &&Name| there.iter().any(|s| s.name == format!("services/{name}"));
                running.extend(wanted.iter().filter(is_there).copied());
                if let Some(name) = wanted.iter().find(|name| !running.contains(name) && !all) {
                    anyhow::bail!("the process at {url} does not run {name}; {}", elsewhere(*name));
                }
            }
            Self::Local { .. } => {
                let mut first = None;
                for &name in wanted {
                    match self.of(name).await {
                        Ok(_) => running.push(name),
                        Err(error) if all => drop(first.get_or_insert(error)),
                        Err(error) => return Err(error),
                    }
                }
                if let Some(error) = first.filter(|_| running.is_empty()) {
                    return Err(error);
                }
            }
        }
        Ok(running)
    }

    /// Those whose events can be followed. An address behind which each service is another process cannot be asked
    /// what it runs: there they are named.
    ///
    /// # Errors
    /// As [`Self::running`].
    pub async fn watched(&self, wanted: &[Name]) -> anyhow::Result<Vec<Name>> {
        match self {
            Self::Remote { .. } if wanted.len() < Name::ALL.len() => Ok(wanted.to_vec()),
            _ => self.running(wanted).await,
        }
    }

    /// What the process of `name` says of its services.
    ///
    /// # Errors
    /// As [`Self::call`].
    async fn services(&self, name: Name) -> anyhow::Result<Vec<Service>> {
        Ok(self.call(name, ListServicesRequest {}).await?.services)
    }

    fn explain(&self, name: Name, error: Error) -> anyhow::Error {
        match (self, error) {
            (Self::Remote { url, .. }, Error::Absent) => {
                anyhow::anyhow!("the process at {url} does not have this of {name}; {}", elsewhere(name))
            }
            (_, error) => error.into(),
        }
    }
}

fn elsewhere(name: Name) -> String {
    format!(
        "ask where one does: `kubectl exec deploy/przesiadka-{name} -- przesiadka …`, or its gRPC port with --server and a token"
    )
}
