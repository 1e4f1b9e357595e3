//! A text for people in both languages, as data files hold it.

use serde::{Deserialize, Serialize};

/// Polish and English.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    pub pl: String,
    pub en: String,
}

impl From<Text> for proto::common::v1::LocalizedText {
    fn from(Text { pl, en }: Text) -> Self {
        Self { pl, en }
    }
}
