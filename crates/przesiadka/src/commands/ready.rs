//! `ready`: for the healthcheck of a container that has no other program.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use platform::config::Config;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

const WITHIN: Duration = Duration::from_secs(3);
/// Far more than `/ready` ever says.
const LONGEST: u64 = 64 * 1024;

/// # Errors
/// The process with these settings is not ready, which the error explains, or does not answer.
pub async fn ready(config: &Config) -> anyhow::Result<String> {
    ensure!(config.ops.tls.is_none(), "ops.tls is on: ask with a program that trusts its certificate");
    let address = reachable(config.ops.listen);
    let asked = timeout(WITHIN, ask(address)).await;
    let answer = asked.context("no answer in time").flatten().with_context(|| format!("asking {address}"))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    if head.split(' ').nth(1) != Some("200") {
        bail!("not ready: {body}");
    }
    Ok(body.to_owned())
}

/// HTTP/1.0: the answer ends with the connection.
async fn ask(address: SocketAddr) -> anyhow::Result<String> {
    let mut connection = TcpStream::connect(address).await?;
    connection.write_all(b"GET /ready HTTP/1.0\r\n\r\n").await?;
    let mut answer = String::new();
    connection.take(LONGEST).read_to_string(&mut answer).await?;
    Ok(answer)
}

/// Whoever listens on every address is asked on this machine's own.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
