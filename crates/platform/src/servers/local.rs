//! Sockets for the operator on this machine: without a token, since nobody but their owner can open them. A file for
//! each service, beside its database's.

use std::{
    fs::{self, DirBuilder, File, Permissions, TryLockError},
    os::unix::{
        fs::{DirBuilderExt as _, PermissionsExt as _},
        net::UnixListener as StdListener,
    },
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use axum::Router;
use tokio::net::UnixListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::connection::{ConnectionLimits, Served};
use crate::{edge::Local, private};

/// After an error of accept the loop lets others finish first.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Where a process that runs the service answers its operator.
pub fn local_socket(data_dir: &Path, service: &str) -> PathBuf {
    data_dir.join(format!("{service}.sock"))
}

/// The sockets of one process, bound. Dropping removes them.
#[derive(Default)]
pub struct LocalSockets(Vec<LocalSocket>);

struct LocalSocket {
    path: PathBuf,
    listener: Option<StdListener>,
    /// Held while this process lives: whoever cannot have it leaves the socket alone.
    _lock: File,
}

impl LocalSockets {
    /// One for each service. What cannot be had is logged and left out: no start depends on it.
    pub fn bind(data_dir: &Path, services: &[&str]) -> Self {
        let bound = services.iter().filter_map(|service| {
            LocalSocket::bind(data_dir, service)
                .inspect_err(|error| tracing::warn!(service, "no socket for the operator: {error:#}"))
                .ok()
        });
        Self(bound.collect())
    }

    /// Serves until everything is drained after a soft stop, or until the hard one.
    pub(super) async fn serve(
        mut self,
        app: Router,
        limits: ConnectionLimits,
        soft: CancellationToken,
        hard: CancellationToken,
    ) {
        let served = Served { app, http2_only: true, limits, soft };
        let listeners = self.0.iter_mut().filter_map(|socket| socket.listener.take());
        let loops = listeners.map(|listener| accept(listener, served.clone(), hard.clone()));
        futures::future::join_all(loops).await;
    }
}

impl LocalSocket {
    fn bind(data_dir: &Path, service: &str) -> anyhow::Result<Self> {
        let path = local_socket(data_dir, service);
        private::create_dir_all(data_dir).with_context(|| format!("cannot make {}", data_dir.display()))?;
        let lock = private::new_file().append(true).open(data_dir.join(format!("{service}.sock.lock")));
        let lock = lock.with_context(|| format!("cannot lock {}", path.display()))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                anyhow::bail!("{} belongs to another process that runs", path.display())
            }
            Err(TryLockError::Error(e)) => {
                return Err(e).with_context(|| format!("cannot lock {}", path.display()));
            }
        }
        // The folder may be open to others, and for a moment a new socket is, too: so it is made where nobody else
        // comes, and moved over what a dead process left.
        let nest = data_dir.join(format!(".{}{}", &service[..2], std::process::id()));
        let _ = fs::remove_dir_all(&nest);
        DirBuilder::new().mode(0o700).create(&nest).with_context(|| nest.display().to_string())?;
        let bound = bind_in(&nest, &path);
        let _ = fs::remove_dir_all(&nest);
        let listener = Some(bound.with_context(|| format!("cannot bind {}", path.display()))?);
        Ok(Self { path, listener, _lock: lock })
    }
}

fn bind_in(nest: &Path, path: &Path) -> std::io::Result<StdListener> {
    let new = nest.join("s");
    let listener = StdListener::bind(&new)?;
    fs::set_permissions(&new, Permissions::from_mode(0o600))?;
    listener.set_nonblocking(true)?;
    fs::rename(&new, path)?;
    Ok(listener)
}

impl Drop for LocalSocket {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

async fn accept(listener: StdListener, served: Served, hard: CancellationToken) {
    let listener = match UnixListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::warn!(%error, "no socket for the operator"),
    };
    let connections = TaskTracker::new();
    let soft = served.soft.clone();
    while let Some(accepted) = soft.run_until_cancelled(listener.accept()).await {
        let caller = accepted.and_then(|(stream, _)| Ok((stream.peer_cred()?.uid(), stream)));
        let (uid, stream) = match caller {
            Ok(caller) => caller,
            Err(error) => {
                tracing::warn!(%error, "cannot accept an operator's connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let (served, hard) = (served.clone(), hard.clone());
        connections.spawn(async move {
            hard.run_until_cancelled(served.http(stream, Some(Local { uid }))).await;
        });
    }
    connections.close();
    connections.wait().await;
}
