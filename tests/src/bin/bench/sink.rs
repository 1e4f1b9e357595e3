//! What the mail server of this program takes at most.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use futures::future::try_join_all;
use journeys::sink::Sink;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    time::timeout,
};

/// How long it is measured.
const LASTS: Duration = Duration::from_secs(3);

/// How many mails of this size a second it takes over so many connections from clients that do nothing else.
pub async fn limit(sink: &Sink, connections: usize, mail: usize) -> anyhow::Result<f64> {
    let before = sink.taken();
    let content = "0123456789".repeat(mail / 10);
    let began = Instant::now();
    // They end by the time limit alone, or by what is wrong.
    let all = (0..connections)
        .map(async |_| timeout(LASTS, send_for_ever(sink.address, &content)).await.unwrap_or(Ok(())));
    try_join_all(all).await?;
    Ok((sink.taken() - before) as f64 / began.elapsed().as_secs_f64())
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
