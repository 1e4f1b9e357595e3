//! Following a service's events: a stream that resumes from a token and misses nothing.

use std::time::Duration;

use futures::{Stream, stream};
use proto::{
    common::v1::ErrorReason,
    refusal::{Violation, words},
};
use tokio::time::Instant;

use crate::{
    auth::{Principal, Role},
    bus::Message,
    core::Core,
    error::Error,
    id::CompanyId,
    lane::Lane,
    name::{self, ProjectName},
};

const BOOKMARK_EVERY: Duration = Duration::from_secs(10);
/// Another replica may sequence events without this process being woken.
const LOOK_EVERY: Duration = Duration::from_millis(250);
const BATCH: u64 = 200;

/// Which events are followed.
#[derive(Clone, Debug, Default)]
pub struct WatchFilter {
    /// Only this company's.
    pub company: Option<CompanyId>,
    /// Resource name; only this project's.
    pub project: Option<String>,
}

impl WatchFilter {
    /// What a request names; empty fields filter nothing.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for names that cannot be read, or a project of another company.
    pub fn parse(company: &str, project: &str) -> Result<Self, Error> {
        let mut filter = Self::default();
        if !company.is_empty() {
            filter.company = Some(name::company("company", company)?);
        }
        if !project.is_empty() {
            let named = ProjectName::parse("project", project)?;
            if filter.company.is_some_and(|company| company != named.company) {
                return Err(Error::invalid(
                    "project",
                    project,
                    words(format!("a project of {company}"), format!("projekt należący do {company}")),
                ));
            }
            filter.company = Some(named.company);
            filter.project = Some(named.to_string());
        }
        Ok(filter)
    }
}

/// A request of a service's `WatchEvents`.
#[derive(Clone, Copy, Debug)]
pub struct WatchRequest<'a> {
    /// Resource names; empty ones filter nothing.
    pub company: &'a str,
    pub project: &'a str,
    /// Empty to begin now.
    pub resume_token: &'a str,
}

/// One item of a watch. The token resumes right after it.
#[derive(Clone, Debug)]
pub enum Watched {
    Event {
        message: Message,
        token: String,
    },
    /// Nothing new; the token is newer than the last one all the same.
    Bookmark {
        token: String,
    },
}

struct Follower {
    core: Core,
    filter: WatchFilter,
    position: i64,
    ready: std::vec::IntoIter<(i64, Message)>,
    bookmark_at: Instant,
}

impl Core {
    /// A token for a watch that begins after all that is sequenced now; lists hand it out.
    pub async fn watch_token(&self, filter: &WatchFilter) -> Result<String, Error> {
        let position = self.last_position().await?;
        self.seal_position(filter, position).await
    }

    /// A token for a watch that begins with the first event.
    pub(crate) async fn first_watch_token(&self, filter: &WatchFilter) -> Result<String, Error> {
        self.seal_position(filter, 0).await
    }

    /// RPC `WatchEvents` of every service; `roles`: who may.
    ///
    /// # Errors
    /// `NOT_FOUND` for another company's, `PERMISSION_DENIED`; those of [`WatchFilter::parse`] and
    /// [`Core::watch`].
    pub async fn watch_events(
        &self,
        principal: &Principal,
        roles: &[Role],
        request: WatchRequest<'_>,
    ) -> Result<impl Stream<Item = Result<Watched, Error>> + Send + use<>, Error> {
        let WatchRequest { company, project, resume_token } = request;
        let filter = WatchFilter::parse(company, project)?;
        if let Some(id) = filter.company {
            principal.sees(id, if project.is_empty() { company } else { project })?;
        }
        principal.require(roles)?;
        self.watch(Some(resume_token).filter(|token| !token.is_empty()), filter).await
    }

    /// Follows events after the token, or from now on without one. Works from the outbox, so it goes on
    /// while the bus is away. Refused as `WATCH_TOKEN_INVALID` for a token of another filter or database.
    pub async fn watch(
        &self,
        token: Option<&str>,
        filter: WatchFilter,
    ) -> Result<impl Stream<Item = Result<Watched, Error>> + Send + use<>, Error> {
        let position = match token {
            None => self.last_position().await?,
            Some(token) => self.open_position(&filter, token).await?,
        };
        let follower = Follower {
            core: self.clone(),
            filter,
            position,
            ready: Vec::new().into_iter(),
            bookmark_at: Instant::now() + BOOKMARK_EVERY,
        };
        Ok(stream::try_unfold(follower, |mut follower| async move {
            let item = follower.next().await?;
            Ok(Some((item, follower)))
        }))
    }

    async fn seal_position(&self, filter: &WatchFilter, position: i64) -> Result<String, Error> {
        let tokens = self.tokens().await?;
        Ok(tokens.seal(&binding(filter), &format!("{}/{position}", tokens.epoch)))
    }

    async fn open_position(&self, filter: &WatchFilter, token: &str) -> Result<i64, Error> {
        let tokens = self.tokens().await?;
        let value = tokens.open(&binding(filter), token);
        let position = value.as_deref().and_then(|v| v.split_once('/')).and_then(|(epoch, position)| {
            (epoch == tokens.epoch.to_string()).then(|| position.parse().ok()).flatten()
        });
        // A position that is yet to come was sealed before the database was set back to a backup.
        let last = self.last_position().await?;
        position.filter(|position| *position <= last).ok_or_else(|| {
            Violation::new(ErrorReason::WatchTokenInvalid)
                .field("resume_token")
                .allowed(words(
                    "a token of this watch, or the one that a list returned",
                    "token tej obserwacji albo token zwrócony przez listę",
                ))
                .into()
        })
    }
}

impl Follower {
    async fn next(&mut self) -> Result<Watched, Error> {
        loop {
            if let Some((position, message)) = self.ready.next() {
                self.position = position;
                self.bookmark_at = Instant::now() + BOOKMARK_EVERY;
                let token = self.core.seal_position(&self.filter, position).await?;
                return Ok(Watched::Event { message, token });
            }
            // Registered before the look, so that nothing falls between.
            let core = self.core.clone();
            let sequenced = core.sequenced().notified();
            // What is sequenced up to here and does not match will never match.
            let seen = self.core.last_position().await?;
            let lane = self.filter.company.map(Lane::Company);
            let batch =
                self.core.after_position(self.position, lane, self.filter.project.as_deref(), BATCH).await?;
            if !batch.is_empty() {
                self.ready = batch.into_iter();
                continue;
            }
            self.position = self.position.max(seen);
            if Instant::now() >= self.bookmark_at {
                self.bookmark_at = Instant::now() + BOOKMARK_EVERY;
                return Ok(Watched::Bookmark {
                    token: self.core.seal_position(&self.filter, self.position).await?,
                });
            }
            let _ = tokio::time::timeout(LOOK_EVERY, sequenced).await;
        }
    }
}

fn binding(filter: &WatchFilter) -> String {
    let company = filter.company.map(|c| c.to_string()).unwrap_or_default();
    format!("watch {company} {}", filter.project.as_deref().unwrap_or_default())
}
