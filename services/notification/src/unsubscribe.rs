//! The link in a mail that switches its kind off, for whoever has the mail (RFC 8058, List-Unsubscribe).

use std::{fmt, sync::Arc};

use futures::future::BoxFuture;
use platform::{
    Error, documents,
    id::{CompanyId, ContactId},
    rest::Found,
    secret::Secret,
    tokens::Tokens,
};
use uuid::Uuid;

use crate::Notification;
use crate::book::directory;
use crate::events::contact_name;
use crate::kind::Kind;
use crate::message::{UnsubscribePage, Words};
use crate::recipients::{Contact, Directory, preferences_changed};

/// Where the links lead, before their tokens.
pub const PATH: &str = "/notification/v1/unsubscribe";
/// What the tokens are sealed for.
const BINDING: &str = "unsubscribe";

/// What a link switches off, and for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsubscribe {
    pub company: CompanyId,
    pub contact: ContactId,
    pub kind: Kind,
}

impl Unsubscribe {
    /// The link; always the same. Mail programs take nothing but https.
    pub fn link(&self, public_host: &str, tokens: &Tokens) -> String {
        format!("https://{public_host}{PATH}/{}", tokens.seal(BINDING, &self.to_string()))
    }

    /// What a token was sealed for; none where it was not, or the kind may not be switched off any more.
    pub(crate) fn open(tokens: &Tokens, token: &Secret) -> Option<Self> {
        let value = tokens.open(BINDING, token.reveal())?;
        let mut parts = value.split(' ');
        let mut id = || parts.next()?.parse::<Uuid>().ok();
        let (company, contact) = (CompanyId(id()?), ContactId(id()?));
        let kind = Kind::from_name(parts.next()?).filter(|kind| kind.is_optional())?;
        Some(Self { company, contact, kind })
    }
}

impl fmt::Display for Unsubscribe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.company, self.contact, self.kind.name())
    }
}

impl Notification {
    /// The page behind a link. It only asks: programs that look through mails follow their links.
    pub fn ask_unsubscribe(
        self: Arc<Self>,
        token: Secret,
    ) -> BoxFuture<'static, Result<Option<Found>, Error>> {
        Box::pin(async move { self.page(&token, UnsubscribePage::Question).await })
    }

    /// Switches off what a link is for. Once more changes nothing, nor does it for who has left; the answer is the same.
    pub fn unsubscribe(self: Arc<Self>, token: Secret) -> BoxFuture<'static, Result<Option<Found>, Error>> {
        Box::pin(async move {
            if let Some(asked) = Unsubscribe::open(self.core.tokens().await?, &token) {
                self.mute(asked).await?;
            }
            self.page(&token, UnsubscribePage::Done).await
        })
    }

    async fn mute(&self, Unsubscribe { company, contact: id, kind }: Unsubscribe) -> Result<(), Error> {
        let mut unit = self.core.begin(company.into(), None).await?;
        let Some(mut stored) = documents::find::<Directory>(unit.db(), company, company.0).await? else {
            return Ok(());
        };
        if !stored.value.mute(id, kind, unit.now()) {
            return Ok(());
        }
        documents::save(unit.db(), &stored).await?;
        if let Some(contact) = stored.value.contact(id) {
            preferences_changed(&mut unit, company, contact, contact_name(company, id));
        }
        unit.commit("").await
    }

    async fn page(&self, token: &Secret, page: UnsubscribePage) -> Result<Option<Found>, Error> {
        let Some(asked) = Unsubscribe::open(self.core.tokens().await?, token) else { return Ok(None) };
        let directory = directory(self.core.db.read(), asked.company).await?;
        let language = directory.contact(asked.contact).map(Contact::language).unwrap_or_default();
        let topic = Words::of(language).word("topic", asked.kind.name());
        let page = self.renderer.templates.unsubscribe_page(language, page, &topic);
        let text = page.map_err(anyhow::Error::from)?;
        Ok(Some(Found { text, resource: contact_name(asked.company, asked.contact) }))
    }
}
