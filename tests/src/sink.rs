//! A mail server on loopback that takes everything, and remembers which mails came.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

/// Cloned freely; clones share everything. It serves until the program ends.
#[derive(Clone, Debug)]
pub struct Sink {
    pub address: SocketAddr,
    taken: Arc<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    mails: AtomicU64,
    /// How often each came, by what stands before the @ of its Message-ID.
    by_id: Mutex<HashMap<String, u64>>,
}

impl Sink {
    /// # Errors
    /// No port to be had.
    pub async fn start() -> std::io::Result<Self> {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// The same at an address where nobody listens yet.
    ///
    /// # Errors
    /// Somebody does.
    pub async fn start_at(address: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let (address, taken) = (listener.local_addr()?, Arc::<Taken>::default());
        let sink = Self { address, taken: Arc::clone(&taken) };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // Whoever leaves in the middle of a mail ends only that.
                tokio::spawn(serve(stream, Arc::clone(&taken)));
            }
        });
        Ok(sink)
    }

    /// The settings that have notification send its mails here.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        Self::settings_at(self.address)
    }

    /// The same for one that is to listen there.
    pub fn settings_at(address: SocketAddr) -> Vec<(&'static str, String)> {
        vec![
            ("PRZESIADKA__NOTIFICATION__CHANNEL__SMTP__HOST", address.ip().to_string()),
            ("PRZESIADKA__NOTIFICATION__CHANNEL__SMTP__PORT", address.port().to_string()),
            ("PRZESIADKA__NOTIFICATION__CHANNEL__SMTP__TLS", "off".to_owned()),
            // It answers at once. What a process had in hand when it died waits for half a minute then.
            ("PRZESIADKA__NOTIFICATION__CHANNEL__SMTP__TIMEOUT_SECONDS", "2".to_owned()),
            ("PRZESIADKA__NOTIFICATION__CHANNEL__SMTP__CONTENT_TIMEOUT_SECONDS", "4".to_owned()),
            ("PRZESIADKA__NOTIFICATION__FROM", "przesiadka@softvig.example".to_owned()),
            ("PRZESIADKA__NOTIFICATION__SOFTVIG", "migracje@softvig.example".to_owned()),
            ("PRZESIADKA__NOTIFICATION__PUBLIC_HOST", "przesiadka.example".to_owned()),
        ]
    }

    /// Mails so far.
    pub fn taken(&self) -> u64 {
        self.taken.mails.load(Ordering::Relaxed)
    }

    /// How often each came, by what stands before the @ of its Message-ID.
    pub fn by_id(&self) -> HashMap<String, u64> {
        self.taken.by_id.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Taken {
    fn count(&self, id: Option<String>) {
        self.mails.fetch_add(1, Ordering::Relaxed);
        if let Some(id) = id {
            *self.by_id.lock().unwrap_or_else(PoisonError::into_inner).entry(id).or_default() += 1;
        }
    }
}

async fn serve(stream: TcpStream, taken: Arc<Taken>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 sink.example\r\n").await?;
    while let Some(line) = lines.next_line().await? {
        let answer: &[u8] = match line.get(..4) {
            Some("DATA") => {
                write.write_all(b"354 go on\r\n").await?;
                let mut id = None;
                loop {
                    // Whoever leaves in the middle has sent nothing.
                    let Some(line) = lines.next_line().await? else { return Ok(()) };
                    if line == "." {
                        break;
                    }
                    if let Some(rest) = line.strip_prefix("Message-ID: <") {
                        id = rest.split('@').next().map(str::to_owned);
                    }
                }
                taken.count(id);
                b"250 2.0.0 taken\r\n"
            }
            Some("QUIT") => return write.write_all(b"221 bye\r\n").await,
            _ => b"250 ok\r\n",
        };
        write.write_all(answer).await?;
    }
    Ok(())
}
