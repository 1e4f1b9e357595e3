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
        let clean = |answer: String| {
            let to = mail.envelope().to().first().map(ToString::to_string).unwrap_or_default();
            without_address(&answer, &to)
        };
        match result {
            Ok(answer) => Ok(clean(answer)),
            Err(Failure::Permanent(answer)) => Err(Failure::Permanent(clean(answer))),
            Err(Failure::Transient(answer)) => Err(Failure::Transient(clean(answer))),
        }
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

/// Whether a notice's or an answer's enhanced status (RFC 3463) says that the recipient's address does not work: no
/// such mailbox or domain, malformed, ambiguous, moved, a domain that takes no mail (RFC 7505), or a mailbox that is
/// disabled. The rest of X.1 is about the sender or does not say whom it means, and of X.2 about a mailbox that is
/// full, a mail too long for it, or a list.
pub(crate) fn blames_the_address(status: &str) -> bool {
    matches!(status, "5.1.1" | "5.1.2" | "5.1.3" | "5.1.4" | "5.1.6" | "5.1.10" | "5.2.1")
}
