//! The ways a mail leaves: a folder of .eml files, or a mail server.

mod answer;
mod folder;
mod pool;
mod settings;
mod smtp;

use std::{path::PathBuf, time::Duration};

use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) use answer::{blames_the_address, codes};
pub use folder::Folder;
pub use settings::{SmtpConfig, Tls};
pub use smtp::Smtp;

/// A disk that takes longer than this for one file is as good as away.
const FOLDER_LIMIT: Duration = Duration::from_secs(3);
const FOLDER_AT_ONCE: u64 = 40;

/// More would each find fewer together that belong to one company.
const SMTP_BATCHES: u32 = 4;

/// Where mails go: a file for each into a folder, which is for development, or to a server.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ChannelConfig {
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
    Address(String),
    /// This mail is refused for good, for its content, size or a policy; it says nothing of the address.
    #[error("{0}")]
    Mail(String),
    /// The server does not serve this client, whoever the mail is for: until somebody mends configuration or server.
    #[error("{0}")]
    Connection(String),
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

    /// Whether mails could be handed over, without handing one over: the folder can be written, or the server takes a
    /// connection, TLS and login as the settings say.
    ///
    /// # Errors
    /// What stands in the way.
    pub async fn check(&self) -> Result<String, Failure> {
        match self {
            Self::Folder(folder) => folder.check(),
            Self::Smtp(smtp) => smtp.check().await,
        }
    }

    /// After this a try is given up, whatever the server does.
    pub fn longest_try(&self) -> Duration {
        match self {
            Self::Folder(_) => FOLDER_LIMIT,
            Self::Smtp(smtp) => smtp.longest_try(),
        }
    }

    /// How many batches of mails one replica has under way. A server may take minutes over one mail: then one of them
    /// waits, and the others go on.
    pub fn batches(&self) -> usize {
        match self {
            Self::Folder(_) => 1,
            Self::Smtp(smtp) => smtp.max_connections.get().min(SMTP_BATCHES) as usize,
        }
    }

    /// How many mails of a batch are handed over side by side. All batches have no more than there are connections.
    pub fn most_at_once(&self) -> u64 {
        match self {
            Self::Folder(_) => FOLDER_AT_ONCE,
            Self::Smtp(smtp) => u64::from(smtp.max_connections.get()) / self.batches() as u64,
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
        let clean = |answer: String| {
            let to = mail.envelope().to().first().map(ToString::to_string).unwrap_or_default();
            without_address(&answer, &to)
        };
        result.map(clean).map_err(|failure| match failure {
            Failure::Address(answer) => Failure::Address(clean(answer)),
            Failure::Mail(answer) => Failure::Mail(clean(answer)),
            Failure::Connection(answer) => Failure::Connection(clean(answer)),
            Failure::Transient(answer) => Failure::Transient(clean(answer)),
        })
    }
}

/// What is kept of a server's words, in characters.
const LONGEST_ANSWER: usize = 500;

/// A server's words without the recipient's address: neither whole nor the part before the @, which often is a name.
pub(crate) fn without_address(answer: &str, address: &str) -> String {
    let local = address.split('@').next().unwrap_or_default().to_lowercase();
    let is_address =
        |word: &str| word.contains('@') || !local.is_empty() && word.to_lowercase().contains(&local);
    let words: Vec<_> =
        answer.split_whitespace().map(|word| if is_address(word) { "(address)" } else { word }).collect();
    words.join(" ").chars().take(LONGEST_ANSWER).collect()
}
