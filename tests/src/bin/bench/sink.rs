//! A mail server on loopback that takes everything and keeps nothing.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use futures::future::try_join_all;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    time::timeout,
};

/// How long its own limit is measured.
const LIMIT: Duration = Duration::from_secs(3);

pub struct Sink {
    pub address: SocketAddr,
    taken: Arc<AtomicU64>,
}

impl Sink {
    pub async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (address, taken) = (listener.local_addr()?, Arc::new(AtomicU64::new(0)));
        let counter = Arc::clone(&taken);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // Whoever leaves in the middle of a mail ends only that.
                tokio::spawn(serve(stream, Arc::clone(&counter)));
            }
        });
        Ok(Self { address, taken })
    }

    /// Mails so far.
    pub fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// How many mails of this size a second it takes over so many connections from clients that do nothing else.
    pub async fn limit(&self, connections: usize, mail: usize) -> anyhow::Result<f64> {
        let before = self.taken();
        let content = "0123456789".repeat(mail / 10);
        let began = Instant::now();
        // They end by the time limit alone, or by what is wrong.
        let all = (0..connections)
            .map(async |_| timeout(LIMIT, send_for_ever(self.address, &content)).await.unwrap_or(Ok(())));
        try_join_all(all).await?;
        Ok((self.taken() - before) as f64 / began.elapsed().as_secs_f64())
    }
}

async fn serve(stream: TcpStream, taken: Arc<AtomicU64>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 sink.example\r\n").await?;
    while let Some(line) = lines.next_line().await? {
        let answer: &[u8] = match line.get(..4) {
            Some("DATA") => {
                write.write_all(b"354 go on\r\n").await?;
                while lines.next_line().await?.is_some_and(|line| line != ".") {}
                taken.fetch_add(1, Ordering::Relaxed);
                b"250 2.0.0 taken\r\n"
            }
            Some("QUIT") => return write.write_all(b"221 bye\r\n").await,
            _ => b"250 ok\r\n",
        };
        write.write_all(answer).await?;
    }
    Ok(())
}

async fn send_for_ever(address: SocketAddr, content: &str) -> anyhow::Result<()> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    answer(&mut read, &mut write, "").await?;
    answer(&mut read, &mut write, "EHLO bench.example\r\n").await?;
    let content = format!("Subject: limit\r\n\r\n{content}\r\n.\r\n");
    loop {
        for said in ["MAIL FROM:<a@bench.example>\r\n", "RCPT TO:<b@bench.example>\r\n", "DATA\r\n", &content]
        {
            answer(&mut read, &mut write, said).await?;
        }
    }
}

async fn answer(
    read: &mut BufReader<OwnedReadHalf>,
    write: &mut OwnedWriteHalf,
    said: &str,
) -> anyhow::Result<()> {
    write.write_all(said.as_bytes()).await?;
    let mut line = String::new();
    read.read_line(&mut line).await?;
    anyhow::ensure!(line.starts_with(['2', '3']), "the sink says {line:?}");
    Ok(())
}
