use std::{fmt, num::NonZeroU32, pin::pin, sync::Arc, time::Duration};

use anyhow::Context;
use lettre::{
    address::Envelope,
    transport::smtp::{
        Error,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, Certificate, TlsParameters},
        commands::{Data, Mail, Rcpt},
        extension::{ClientId, Extension, MailBodyParameter, MailParameter},
        response::{Response, Severity},
    },
};
use secrecy::ExposeSecret;

use super::Failure;
use super::answer::{Step, judge};
use super::pool::Pool;
use super::settings::{SmtpConfig, Tls};

/// The steps with the shorter limit: a look at an idle connection, connecting with EHLO, STARTTLS, login, MAIL, RCPT,
/// DATA, QUIT.
const STEPS: u32 = 8;

/// Servers close what is idle after some minutes, a few sooner.
const IDLE_FOR: Duration = Duration::from_secs(30);

/// Sends over pooled connections.
#[derive(Clone)]
pub struct Smtp {
    address: (String, u16),
    tls: Tls,
    parameters: Option<TlsParameters>,
    hello: ClientId,
    credentials: Option<Credentials>,
    /// For each step but the last.
    limit: Duration,
    content_limit: Duration,
    pub max_connections: NonZeroU32,
    pool: Arc<Pool>,
}

/// What ends a dialogue.
enum End {
    /// The server's answer: another command might follow.
    Refused(Failure),
    /// No answer, or none that fits: what comes next on this connection may be the answer to anything.
    Broken(String),
}

impl Smtp {
    /// Fails on settings that would harm, an unreadable certificate or an impossible host name.
    pub fn new(config: &SmtpConfig) -> anyhow::Result<Self> {
        config.check()?;
        let parameters = || -> anyhow::Result<TlsParameters> {
            let mut builder = TlsParameters::builder(config.host.clone());
            if let Some(file) = &config.ca_file {
                let pem = std::fs::read(file).with_context(|| format!("ca_file {}", file.display()))?;
                builder = builder.add_root_certificate(Certificate::from_pem(&pem)?);
            }
            Ok(builder.build()?)
        };
        let (parameters, port) = match config.tls {
            Tls::Starttls => (Some(parameters()?), 587),
            Tls::Implicit => (Some(parameters()?), 465),
            Tls::Off => (None, 25),
        };
        let login = config.user.as_ref().zip(config.password.as_ref());
        let limit = Duration::from_secs(config.timeout_seconds);
        Ok(Self {
            address: (config.host.clone(), config.port.unwrap_or(port)),
            tls: config.tls,
            parameters,
            hello: config.hello_name.clone().map_or_else(ClientId::default, ClientId::Domain),
            credentials: login.map(|(user, p)| Credentials::new(user.clone(), p.expose_secret().into())),
            limit,
            content_limit: Duration::from_secs(config.content_timeout_seconds),
            max_connections: config.max_connections,
            pool: Pool::new(config.max_connections.get(), limit, IDLE_FOR),
        })
    }

    #[cfg(test)]
    pub(crate) fn idle_for(self, idle_for: Duration) -> Self {
        Self { pool: Pool::new(self.max_connections.get(), self.limit, idle_for), ..self }
    }

    /// All steps, each for as long as it may take.
    pub fn longest_try(&self) -> Duration {
        self.limit * STEPS + self.content_limit
    }

    /// Connects, secures, logs in and says good-bye.
    pub async fn check(&self) -> Result<String, Failure> {
        let mut connection = self.connect().await?;
        let _ = tokio::time::timeout(self.limit, connection.quit()).await;
        let (host, port) = &self.address;
        let login = if self.credentials.is_some() { ", logged in" } else { "" };
        let tls = match self.tls {
            Tls::Off => "in clear",
            Tls::Starttls => "STARTTLS",
            Tls::Implicit => "TLS",
        };
        Ok(format!("{host}:{port}, {tls}{login}"))
    }

    /// The server's answer to the mail.
    pub async fn deliver(&self, mail: &lettre::Message) -> Result<String, Failure> {
        let _place = self.pool.places.acquire().await;
        let mut connection = match self.pool.take().await {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        match self.send(&mut connection, mail.envelope(), &mail.formatted()).await {
            Ok(answer) => {
                self.pool.park(connection);
                Ok(answer.message().collect::<Vec<_>>().join(" "))
            }
            Err(End::Refused(failure)) => {
                self.pool.leave(connection).await;
                Err(failure)
            }
            Err(broken) => Err(broken.into()),
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Failure> {
        let implicit = self.parameters.clone().filter(|_| self.tls == Tls::Implicit);
        let (host, port) = &self.address;
        let connecting = AsyncSmtpConnection::connect_tokio1(
            (host.as_str(), *port),
            // One of several addresses may be dead.
            Some(self.limit / 2),
            &self.hello,
            implicit,
            None,
        );
        let mut connection = within(self.limit, Step::Connect, connecting).await?;
        if let Some(parameters) = self.parameters.clone().filter(|_| self.tls == Tls::Starttls) {
            within(self.limit, Step::StartTls, connection.starttls(parameters, &self.hello)).await?;
        }
        if let Some(credentials) = &self.credentials {
            within(self.limit, Step::Auth, connection.auth(DEFAULT_MECHANISMS, credentials)).await?;
        }
        Ok(connection)
    }

    /// The commands one by one, since what a refusal means depends on what it answers.
    async fn send(
        &self,
        connection: &mut AsyncSmtpConnection,
        envelope: &Envelope,
        content: &[u8],
    ) -> Result<Response, End> {
        let parameters = parameters(connection, envelope, content)?;
        let limit = self.limit;
        let mail = Mail::new(envelope.from().cloned(), parameters);
        expect(Severity::PositiveCompletion, limit, Step::Mail, connection.command(mail)).await?;
        for to in envelope.to() {
            let rcpt = Rcpt::new(to.clone(), Vec::new());
            expect(Severity::PositiveCompletion, limit, Step::Rcpt, connection.command(rcpt)).await?;
        }
        expect(Severity::PositiveIntermediate, limit, Step::Data, connection.command(Data)).await?;
        let sending = connection.message(content);
        expect(Severity::PositiveCompletion, self.content_limit, Step::Content, sending).await
    }
}

/// How the mail is announced; refused if the server cannot take such a mail at all.
fn parameters(
    connection: &AsyncSmtpConnection,
    envelope: &Envelope,
    content: &[u8],
) -> Result<Vec<MailParameter>, End> {
    let server = connection.server_info();
    let ascii = |address: &lettre::Address| AsRef::<str>::as_ref(address).is_ascii();
    let needed = [
        (envelope.from().into_iter().chain(envelope.to()).all(ascii), Extension::SmtpUtfEight),
        (content.is_ascii(), Extension::EightBitMime),
    ];
    let mut parameters = Vec::new();
    for (plain, extension) in needed {
        if plain {
            continue;
        }
        if !server.supports_feature(extension) {
            let why = format!("the server does not offer {extension}, which this mail needs");
            return Err(End::Refused(Failure::Mail(why)));
        }
        parameters.push(match extension {
            Extension::EightBitMime => MailParameter::Body(MailBodyParameter::EightBitMime),
            _ => MailParameter::SmtpUtfEight,
        });
    }
    Ok(parameters)
}

/// The answer to a step, in time and of the kind that has to come.
async fn expect(
    kind: Severity,
    limit: Duration,
    step: Step,
    answer: impl Future<Output = Result<Response, Error>>,
) -> Result<Response, End> {
    let response = within(limit, step, answer).await?;
    let code = response.code();
    if code.severity != kind {
        return Err(End::Broken(format!("{code} is no answer to {step:?}")));
    }
    Ok(response)
}

async fn within<T>(
    limit: Duration,
    step: Step,
    answer: impl Future<Output = Result<T, Error>>,
) -> Result<T, End> {
    let mut answer = pin!(answer);
    // In two halves: whoever stood still for longer than the first finds in the second what has come meanwhile.
    for half in [limit / 2, limit.saturating_sub(limit / 2)] {
        if let Ok(answer) = tokio::time::timeout(half, &mut answer).await {
            return answer.map_err(|error| End::of(step, &error));
        }
    }
    Err(End::Broken(format!("{step:?}: no answer within {} s", limit.as_secs())))
}

impl End {
    fn of(step: Step, error: &Error) -> Self {
        let words = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
        match error.status() {
            Some(code) => Self::Refused(judge(step, code.into(), &words)),
            // The server lacks what the configuration demands: STARTTLS, or a way to log in.
            None if error.is_client() => Self::Refused(Failure::Connection(format!("{step:?}: {words}"))),
            None => Self::Broken(format!("{step:?}: {error}")),
        }
    }
}

impl From<End> for Failure {
    fn from(end: End) -> Self {
        match end {
            End::Refused(failure) => failure,
            End::Broken(why) => Self::Transient(why),
        }
    }
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp").field("address", &self.address).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use tokio::{task::yield_now, time::advance};

    use super::*;

    /// The system wakes a process that was stopped by what has come and by what is over; which of them it learns first
    /// is chance.
    #[tokio::test(start_paused = true)]
    async fn an_answer_that_came_while_the_process_stood_still_is_read() {
        let limit = Duration::from_secs(4);
        let answer = async {
            advance(limit * 2).await;
            yield_now().await;
            Ok("250 2.0.0 taken")
        };
        let Ok(answer) = within(limit, Step::Content, answer).await else { panic!("it has come") };
        assert_eq!(answer, "250 2.0.0 taken");
    }
}
