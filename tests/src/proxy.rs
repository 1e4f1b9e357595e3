//! A line between two programs that can be slow, cut, or swallow the answers.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    select,
    sync::watch,
    task::{AbortHandle, JoinSet},
    time::sleep,
};

/// How a line behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Line {
    #[default]
    Clear,
    /// Each piece is so late.
    Slow(Duration),
    /// What is asked gets through, and no answer comes back.
    Mute,
}

#[derive(Clone, Copy, Default)]
struct Weather {
    line: Line,
    /// Connections of an earlier age are cut.
    age: u64,
}

/// Listens on a free loopback port and passes everything on to another. Dropping it cuts all connections.
pub struct Proxy {
    address: SocketAddr,
    weather: watch::Sender<Weather>,
    task: AbortHandle,
}

impl Proxy {
    /// # Errors
    /// No port to be had.
    pub async fn to(target: u16) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (weather, seen) = watch::channel(Weather::default());
        let task = tokio::spawn(accept(listener, target, seen)).abort_handle();
        Ok(Self { address, weather, task })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Behaves like this from now on. What swallowed answers is of no use any more and is cut.
    pub fn set(&self, line: Line) {
        self.weather.send_modify(|weather| {
            if weather.line == Line::Mute {
                weather.age += 1;
            }
            weather.line = line;
        });
    }

    /// Cuts every connection; new ones are accepted.
    pub fn cut(&self) {
        self.weather.send_modify(|weather| weather.age += 1);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, target: u16, weather: watch::Receiver<Weather>) {
    let mut connections = JoinSet::new();
    loop {
        select! {
            Ok((caller, _)) = listener.accept() => {
                connections.spawn(connection(caller, target, weather.clone()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(caller: TcpStream, target: u16, mut weather: watch::Receiver<Weather>) {
    let age = weather.borrow().age;
    let Ok(called) = TcpStream::connect((Ipv4Addr::LOCALHOST, target)).await else { return };
    let _ = (caller.set_nodelay(true), called.set_nodelay(true));
    let ((caller_reads, caller_writes), (called_reads, called_writes)) =
        (caller.into_split(), called.into_split());
    let asked = pass(caller_reads, called_writes, weather.clone(), false);
    let answered = pass(called_reads, caller_writes, weather.clone(), true);
    select! {
        _ = async { tokio::join!(asked, answered) } => {}
        _ = weather.wait_for(|weather| weather.age != age) => {}
    }
}

/// One direction, until one side closes it.
async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    weather: watch::Receiver<Weather>,
    answers: bool,
) {
    let mut piece = vec![0; 16 << 10];
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        let line = weather.borrow().line;
        match line {
            Line::Mute if answers => continue,
            Line::Slow(late) => sleep(late).await,
            Line::Clear | Line::Mute => {}
        }
        if to.write_all(&piece[..length]).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    const LONG: Duration = Duration::from_secs(10);

    /// Answers each byte with the same.
    async fn echo() -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut reads, mut writes) = stream.split();
                    tokio::io::copy(&mut reads, &mut writes).await
                });
            }
        });
        port
    }

    async fn says(stream: &mut TcpStream, byte: u8) -> std::io::Result<u8> {
        stream.write_u8(byte).await?;
        timeout(LONG, stream.read_u8()).await.expect("an answer or an end")
    }

    #[tokio::test]
    async fn a_line_is_clear_or_slow_or_cut_and_swallows_answers() {
        let proxy = Proxy::to(echo().await).await.expect("a proxy");
        let mut stream = TcpStream::connect(proxy.address()).await.expect("connected");
        assert_eq!(says(&mut stream, 1).await.expect("clear"), 1);
        proxy.set(Line::Slow(Duration::from_millis(1)));
        assert_eq!(says(&mut stream, 2).await.expect("slow"), 2);
        proxy.set(Line::Mute);
        stream.write_u8(3).await.expect("written");
        let mut other = TcpStream::connect(proxy.address()).await.expect("connected");
        other.write_u8(4).await.expect("written");
        proxy.set(Line::Clear);
        assert!(says(&mut stream, 5).await.is_err(), "an answer was swallowed, so nothing follows");
        let mut third = TcpStream::connect(proxy.address()).await.expect("connected");
        assert_eq!(says(&mut third, 6).await.expect("clear"), 6);
        proxy.cut();
        assert!(says(&mut third, 7).await.is_err());
    }
}
