use platform::{
    Error,
    documents::{self, Query},
    id::{CompanyId, ContactId},
    unit::Unit,
};

use super::Question;

/// Passes a contact's open questions to the successor.
pub async fn pass_on(
    unit: &Unit,
    company: CompanyId,
    from: ContactId,
    successor: ContactId,
) -> Result<(), Error> {
    let mut query = Query { company: Some(company), label: Some("open".to_owned()), after: None, limit: 200 };
    loop {
        let page = documents::list::<Question>(unit.db(), &query).await?;
        let Some(last) = page.last() else { return Ok(()) };
        query.after = Some(last.id);
        for mut stored in page {
            if stored.value.pass_on(from, successor) {
                documents::save(unit.db(), &stored).await?;
            }
        }
    }
}
