//! The conditions of readiness by name.

use std::fmt;

use platform::text::Text;
use serde::{Deserialize, Serialize};

use crate::project::VariantData;

/// What the company must have in place before it is ready; a string in the contract.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Condition {
    /// `it_environment`
    ItEnvironment,
    /// `purchase.<key>`: one for each purchase that the variant demands, licences left out.
    Purchase(String),
    /// `server_prepared`, according to the variant's technical documentation.
    ServerPrepared,
}

impl Condition {
    /// All conditions for a variant with these purchases (keys, without licences).
    pub fn demanded<S: Into<String>>(purchases: impl IntoIterator<Item = S>) -> Vec<Self> {
        let purchases = purchases.into_iter().map(|key| Self::Purchase(key.into()));
        [Self::ItEnvironment].into_iter().chain(purchases).chain([Self::ServerPrepared]).collect()
    }
}

impl Condition {
    /// What it asks, for people.
    pub fn name(&self, variant: &VariantData) -> Text {
        let text = |pl: &str, en: &str| Text { pl: pl.to_owned(), en: en.to_owned() };
        match self {
            Self::ItEnvironment => text("środowisko IT jest przygotowane", "the IT environment is prepared"),
            Self::Purchase(key) => {
                let Text { pl, en } = variant.name_of(key);
                Text { pl: format!("zakup: {pl}"), en: format!("purchased: {en}") }
            }
            Self::ServerPrepared => text(
                "serwer jest przygotowany zgodnie z dokumentacją techniczną",
                "the server is prepared according to the technical documentation",
            ),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ItEnvironment => f.write_str("it_environment"),
            Self::Purchase(key) => write!(f, "purchase.{key}"),
            Self::ServerPrepared => f.write_str("server_prepared"),
        }
    }
}

impl From<Condition> for String {
    fn from(condition: Condition) -> Self {
        condition.to_string()
    }
}

impl TryFrom<String> for Condition {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "it_environment" => Ok(Self::ItEnvironment),
            "server_prepared" => Ok(Self::ServerPrepared),
            other => match other.strip_prefix("purchase.") {
                Some(key) if !key.is_empty() => Ok(Self::Purchase(key.to_owned())),
                _ => Err(format!("unknown readiness condition {other:?}")),
            },
        }
    }
}
