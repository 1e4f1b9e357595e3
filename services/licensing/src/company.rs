//! What licensing knows of a company: a projection of scheduling's events. Contacts and their roles
//! are platform's projection.

use jiff::civil::Date;
use platform::{
    Error,
    documents::{self, Document},
    id::CompanyId,
    unit::Unit,
};
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};

/// The facts of one company; its id is the company's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Company {
    /// `OFFER_FOR_CLIENTS_ONLY` asks for it; none where the company is no client.
    pub client_since: Option<Date>,
}

impl Document for Company {
    const TABLE: &'static str = "company";

    fn label(&self) -> String {
        if self.client_since.is_some() { "client" } else { "stranger" }.to_owned()
    }
}

/// Since when the company is SOFTVIG's client.
pub async fn client_since(c: &impl ConnectionTrait, company: CompanyId) -> Result<Option<Date>, Error> {
    let stored = documents::find::<Company>(c, company, company.0).await?;
    Ok(stored.and_then(|stored| stored.value.client_since))
}

/// Takes over what scheduling says of the company.
pub async fn put(unit: &Unit, id: CompanyId, company: Company) -> Result<(), Error> {
    match documents::find::<Company>(unit.db(), id, id.0).await? {
        None => documents::insert(unit.db(), id, id.0, &company).await,
        Some(mut stored) => {
            stored.value = company;
            documents::save(unit.db(), &stored).await
        }
    }
}
