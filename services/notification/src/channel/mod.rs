//! The ways a mail leaves: a folder of .eml files, or a mail server.

mod folder;
mod smtp;

use std::{path::PathBuf, time::Duration};

use serde::Deserialize;

pub use folder::Folder;
pub use smtp::{Smtp, SmtpConfig, Tls};

/// A disk that takes longer than this for one file is as good as away.
const FOLDER_LIMIT: Duration = Duration::from_secs(3);
const FOLDER_AT_ONCE: u64 = 40;

/// Where mails go.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ChannelConfig {
    /// Each mail becomes a file here; for development.
    Folder(PathBuf),
    Smtp(SmtpConfig),
}

/// An open channel.
#[derive(Clone, Debug)]
pub enum Channel {
    Folder(Folder),
    Smtp(Smtp),
}

/// A mail that was not taken. The answers hold no address of the recipient.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The recipient's address does not work; trying again is of no use.
    #[error("{0}")]
    Permanent(String),
    /// The server, the network or the disk: later it may work.
    #[error("{0}")]
    Transient(String),
}

impl Channel {
    /// Prepares the channel; connects to nothing yet.
    pub fn open(config: &ChannelConfig) -> anyhow::Result<Self> {
        Ok(match config {
            ChannelConfig::Folder(path) => Self::Folder(Folder::new(path)),
            ChannelConfig::Smtp(smtp) => Self::Smtp(Smtp::new(smtp)?),
        })
    }

    /// After this a try is given up, whatever the server does.
    pub fn longest_try(&self) -> Duration {
        match self {
            Self::Folder(_) => FOLDER_LIMIT,
            Self::Smtp(smtp) => smtp.longest_try(),
        }
    }

    /// How many mails one replica hands over side by side.
    pub fn most_at_once(&self) -> u64 {
        match self {
            Self::Folder(_) => FOLDER_AT_ONCE,
            Self::Smtp(smtp) => smtp.max_connections.get().into(),
        }
    }

    /// How long a message is held for one try: half as long again as that takes, for clocks that differ
    /// and for what became of it to be recorded.
    pub fn lease(&self) -> Duration {
        self.longest_try() * 3 / 2
    }

    /// Hands one mail over; `name` is the same at each try. The answer is kept with the message.
    pub async fn deliver(&self, name: &str, mail: &lettre::Message) -> Result<String, Failure> {
        let delivery = async {
            match self {
                Self::Folder(folder) => folder.deliver(name, mail).await,
                Self::Smtp(smtp) => smtp.deliver(mail).await,
            }
        };
        let result = tokio::time::timeout(self.longest_try(), delivery).await;
        let result = result.unwrap_or_else(|_| Err(Failure::Transient("it took too long".into())));
        result.map_err(|failure| failure.without_addresses(mail))
    }
}

impl Failure {
    fn without_addresses(self, mail: &lettre::Message) -> Self {
        let scrub = |mut answer: String| {
            for address in mail.envelope().to() {
                answer = answer.replace(address.as_ref() as &str, "(address)");
            }
            answer.chars().take(500).collect()
        };
        match self {
            Self::Permanent(answer) => Self::Permanent(scrub(answer)),
            Self::Transient(answer) => Self::Transient(scrub(answer)),
        }
    }
}
