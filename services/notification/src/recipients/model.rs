use jiff::Timestamp;
use platform::{
    actor::Roles,
    documents::Document,
    id::{CompanyId, ContactId},
    restored::Difference,
};
use proto::scheduling::v1::{ContactCard, ContactRole, ContactState as CardState};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Preferences;
use crate::kind::Kind;

/// The language that somebody is written to in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    #[default]
    Pl,
    En,
}

impl Language {
    pub const ALL: [Self; 2] = [Self::Pl, Self::En];

    /// "pl" or "en".
    pub const fn key(self) -> &'static str {
        match self {
            Self::Pl => "pl",
            Self::En => "en",
        }
    }

    /// An unknown language is read as Polish: everybody at a dealership in Poland reads that.
    pub fn from_key(key: &str) -> Self {
        if key == "en" { Self::En } else { Self::Pl }
    }
}

/// Whether a contact takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContactState {
    Active,
    Left,
    /// To be anonymised, as soon as the mails are out that take dates out of their calendar.
    Parting,
    /// Name and address are gone.
    Anonymised,
}

/// A person at a company.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    pub id: ContactId,
    /// One line; empty after anonymising.
    pub name: String,
    /// Empty after anonymising.
    pub email: String,
    #[serde(rename = "language")]
    pub card_language: Language,
    pub roles: Roles,
    pub state: ContactState,
    /// Who took the place of a contact who left.
    #[serde(default)]
    pub successor: Option<ContactId>,
    /// The mail server refused the address for good; nothing is sent until it is corrected or cleared.
    pub undeliverable: bool,
    #[serde(default)]
    pub preferences: Preferences,
}

impl Contact {
    pub fn is_active(&self) -> bool {
        self.state == ContactState::Active
    }

    pub fn is_anonymised(&self) -> bool {
        self.state == ContactState::Anonymised
    }

    /// As an operator reads it.
    fn part_in_words(&self) -> String {
        let state = match self.state {
            ContactState::Active => "active",
            ContactState::Left => "left",
            ContactState::Parting | ContactState::Anonymised => return "anonymised".to_owned(),
        };
        let roles = [(self.roles.technical, " technical"), (self.roles.decision, " decision")];
        let roles: String = roles.into_iter().filter_map(|(held, role)| held.then_some(role)).collect();
        format!("{state}{roles}")
    }

    /// What the contact is written to in.
    pub fn language(&self) -> Language {
        self.preferences.language.unwrap_or(self.card_language)
    }

    /// Whether the contact wants to hear nothing of a kind, and need not.
    pub fn has_muted(&self, kind: Kind) -> bool {
        kind.is_optional() && self.preferences.muted.contains(&kind)
    }

    /// Anonymised, or about to be.
    pub fn is_forgotten(&self) -> bool {
        matches!(self.state, ContactState::Parting | ContactState::Anonymised)
    }
}

/// How SOFTVIG is written to; from the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Softvig {
    pub name: String,
    pub email: String,
    pub language: Language,
}

/// A company and its contacts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Directory {
    pub company: CompanyId,
    /// One line; empty until the company's own event arrives.
    pub company_name: String,
    contacts: Vec<Contact>,
}

/// What became of a contact, for those who react to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Takes part from now on.
    Joined,
    /// Takes part no more.
    Left,
    /// Is written to at another address from now on, or at one that works again.
    Moved {
        /// The former one, if it worked.
        from: Option<String>,
    },
    /// Only details changed, or nothing.
    None,
}

impl Directory {
    pub fn new(company: CompanyId) -> Self {
        Self { company, company_name: String::new(), contacts: Vec::new() }
    }

    /// A company that is not named yet goes by its id.
    pub fn display_name(&self) -> String {
        if self.company_name.is_empty() { self.company.to_string() } else { self.company_name.clone() }
    }

    pub fn contacts(&self) -> &[Contact] {
        &self.contacts
    }

    pub fn contact(&self, id: ContactId) -> Option<&Contact> {
        self.contacts.iter().find(|c| c.id == id)
    }

    fn contact_mut(&mut self, id: ContactId) -> Option<&mut Contact> {
        self.contacts.iter_mut().find(|c| c.id == id)
    }

    pub fn rename(&mut self, company_name: &str) {
        self.company_name = one_line(company_name);
    }

    /// A contact's card as it now is. Nothing brings back one who was anonymised.
    pub fn apply_card(&mut self, id: ContactId, card: &ContactCard) -> Change {
        let before = self.contact(id).cloned();
        if before.as_ref().is_some_and(Contact::is_forgotten) {
            return Change::None;
        }
        let state = match card.state() {
            CardState::Left => ContactState::Left,
            CardState::Anonymised => {
                self.part(id);
                return leaving(before.as_ref());
            }
            CardState::Active | CardState::Unspecified => ContactState::Active,
        };
        let holds = |role| card.roles().any(|r| r == role);
        let email = card.email.trim().to_owned();
        let contact = Contact {
            id,
            name: one_line(&card.display_name),
            undeliverable: before.as_ref().is_some_and(|b| b.undeliverable && b.email == email),
            email,
            card_language: Language::from_key(&card.language),
            preferences: before.as_ref().map(|b| b.preferences.clone()).unwrap_or_default(),
            roles: Roles { technical: holds(ContactRole::Technical), decision: holds(ContactRole::Decision) },
            state,
            successor: None,
        };
        let change = match (before.as_ref().filter(|b| b.is_active()), contact.is_active()) {
            (None, true) => Change::Joined,
            (Some(_), false) => Change::Left,
            (Some(before), true) if before.email != contact.email => {
                Change::Moved { from: (!before.undeliverable).then(|| before.email.clone()) }
            }
            _ => Change::None,
        };
        match self.contact_mut(id) {
            // One who leaves keeps the roles held, so that the history can be read.
            Some(known) if state == ContactState::Left => {
                *known = Contact { roles: known.roles, successor: known.successor, ..contact };
            }
            Some(known) => *known = contact,
            None => self.contacts.push(contact),
        }
        change
    }

    /// The contact takes part no more.
    pub fn leave(&mut self, id: ContactId) -> Change {
        match self.contact_mut(id) {
            Some(contact) if contact.is_active() => {
                contact.state = ContactState::Left;
                Change::Left
            }
            _ => Change::None,
        }
    }

    /// Another one took the contact's place.
    pub fn succeed(&mut self, id: ContactId, successor: ContactId) {
        if let Some(contact) = self.contact_mut(id) {
            contact.successor = Some(successor);
        }
    }

    /// Who hears what was meant for a contact: that one, or who followed, or else somebody who decides for the company.
    pub fn in_place_of(&self, id: ContactId) -> Option<ContactId> {
        let followed = |contact: &&Contact| self.contact(contact.successor?);
        let mut line = std::iter::successors(self.contact(id), followed).take(self.contacts.len());
        let decides = || self.contacts.iter().find(|contact| contact.is_active() && contact.roles.decision);
        line.find(|contact| contact.is_active()).or_else(decides).map(|contact| contact.id)
    }

    /// The contact takes part no more and is to be anonymised.
    pub fn part(&mut self, id: ContactId) {
        if let Some(contact) = self.contact_mut(id).filter(|contact| !contact.is_anonymised()) {
            contact.state = ContactState::Parting;
        }
    }

    /// What a contact who takes part wants from now on. Whether that is news.
    pub fn prefer(&mut self, id: ContactId, preferences: Preferences) -> bool {
        match self.contact_mut(id) {
            Some(contact) if contact.is_active() && !contact.preferences.agrees_with(&preferences) => {
                contact.preferences = preferences;
                true
            }
            _ => false,
        }
    }

    /// A contact who takes part wants to hear nothing more of a kind. Whether that is news.
    pub fn mute(&mut self, id: ContactId, kind: Kind, now: Timestamp) -> bool {
        let Some(contact) = self.contact(id) else { return false };
        let mut preferences = Preferences { changed_at: Some(now), ..contact.preferences.clone() };
        preferences.muted.insert(kind);
        self.prefer(id, preferences)
    }

    /// Removes name, address and preferences. The id stays, so that the history keeps its shape.
    pub fn anonymise(&mut self, id: ContactId) {
        if let Some(contact) = self.contact_mut(id) {
            contact.name.clear();
            contact.email.clear();
            contact.undeliverable = false;
            contact.preferences = Preferences::default();
            contact.state = ContactState::Anonymised;
        }
    }

    /// Follows what scheduling tells now of who takes part and as what; names and addresses come with the cards. Returns
    /// those whom it does not know: they take part no more and are to be forgotten. Nothing brings back one who was
    /// anonymised.
    pub fn set_back(&mut self, told: &Self) -> (Vec<Difference>, Vec<ContactId>) {
        let company = self.company;
        self.company_name = told.company_name.clone();
        let (mut differences, mut strangers) = (Vec::new(), Vec::new());
        for contact in &mut self.contacts {
            let known = told.contact(contact.id);
            if contact.is_forgotten() && known.is_none_or(Contact::is_forgotten) {
                continue;
            }
            let name = format!("companies/{company}/contacts/{}", contact.id);
            let words = |contact: &Contact| format!("{name} {}", contact.part_in_words());
            let there = known.map(words).unwrap_or_default();
            differences.extend(Difference::between(None, "contact", words(contact), there));
            match known {
                _ if contact.is_forgotten() => {}
                Some(known) => {
                    (contact.roles, contact.state, contact.successor) =
                        (known.roles, known.state, known.successor);
                }
                None => {
                    contact.state = ContactState::Parting;
                    strangers.push(contact.id);
                }
            }
        }
        (differences, strangers)
    }

    /// Whether this is the contact's address, as it now is.
    pub fn writes_to(&self, id: ContactId, address: &str) -> bool {
        self.contact(id).is_some_and(|contact| contact.email.eq_ignore_ascii_case(address))
    }

    /// The address was refused for good. Whether that is news: of who has left nobody need correct it.
    pub fn mark_undeliverable(&mut self, id: ContactId) -> bool {
        match self.contact_mut(id) {
            Some(contact) if !contact.undeliverable && contact.is_active() => {
                contact.undeliverable = true;
                true
            }
            _ => false,
        }
    }

    /// The address works after all. Whether that is news.
    pub fn clear_undeliverable(&mut self, id: ContactId) -> bool {
        self.contact_mut(id).is_some_and(|contact| std::mem::take(&mut contact.undeliverable))
    }
}

fn leaving(before: Option<&Contact>) -> Change {
    if before.is_some_and(Contact::is_active) { Change::Left } else { Change::None }
}

/// What goes into a subject or a greeting has no line breaks and no other control characters.
pub(crate) fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Document for Directory {
    const TABLE: &'static str = "directory";

    fn label(&self) -> String {
        String::new()
    }
}
