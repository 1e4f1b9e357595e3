use platform::{
    Error,
    documents::{self, Query},
    id::{CompanyId, ContactId},
    unit::Unit,
};

use super::{Question, QuestionId};
use crate::book::QUESTION;

/// Passes a contact's open questions to the successor.
pub async fn pass_on(
    unit: &Unit,
    company: CompanyId,
    from: ContactId,
    successor: ContactId,
) -> Result<(), Error> {
    change_each(unit, company, Some("open"), |question| question.pass_on(from, successor)).await?;
    Ok(())
}

/// Takes the words out of a contact's questions, once the contact is anonymised.
pub async fn scrub(unit: &mut Unit, company: CompanyId, contact: ContactId) -> Result<(), Error> {
    for id in change_each(unit, company, None, |question| question.scrub(contact)).await? {
        unit.clear_timer(QUESTION, &id.to_string()).await?;
    }
    Ok(())
}

/// Keeps those of the company's questions that `change` says it changed; which.
async fn change_each(
    unit: &Unit,
    company: CompanyId,
    label: Option<&str>,
    change: impl Fn(&mut Question) -> bool,
) -> Result<Vec<QuestionId>, Error> {
    let mut changed = Vec::new();
    let label = label.map(str::to_owned);
    let mut query = Query { company: Some(company), label, after: None, limit: 200 };
    loop {
        let page = documents::list::<Question>(unit.db(), &query).await?;
        let Some(last) = page.last() else { return Ok(changed) };
        query.after = Some(last.id);
        for mut stored in page {
            if change(&mut stored.value) {
                documents::save(unit.db(), &stored).await?;
                changed.push(stored.value.id);
            }
        }
    }
}
