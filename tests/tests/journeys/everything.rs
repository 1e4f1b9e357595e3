//! All that the four services show of a dealership, to see that a refused request changed none of it.

use proto::{
    audit::v1::{ListAuditsRequest, ListFindingsRequest},
    licensing::v1::ListLicensingsRequest,
    notification::v1::{ListMessagesRequest, ListQuestionsRequest},
    scheduling::v1::{
        GetCompanyRequest, ListCompaniesRequest, ListContactsRequest, ListHistoryRequest, ListProjectsRequest,
    },
};
use serde_json::{Value, json};
use story::Dealership;

/// Answers of all services. Their watch tokens tell how many events each has committed.
pub type Everything = Vec<Value>;

/// Reads it as the CRM does, at rest.
pub async fn everything(d: &Dealership<'_>) -> Everything {
    d.world.settled().await.expect("at rest");
    let (company, project, page_size) = (d.company.clone(), d.project.clone(), 200);
    macro_rules! read {
        ($($request:expr),+ $(,)?) => {
            vec![$(json!(d.world.crm.call($request).await.expect("read"))),+]
        };
    }
    read![
        ListCompaniesRequest { page_size, ..Default::default() },
        GetCompanyRequest { name: company.clone() },
        ListContactsRequest { parent: company.clone() },
        ListProjectsRequest { parent: company.clone(), page_size, ..Default::default() },
        ListHistoryRequest { parent: project.clone(), page_size, ..Default::default() },
        ListAuditsRequest { parent: project.clone(), page_size, ..Default::default() },
        ListFindingsRequest { parent: project, page_size, ..Default::default() },
        ListLicensingsRequest { parent: company.clone(), page_size, ..Default::default() },
        ListQuestionsRequest { parent: company.clone(), page_size, ..Default::default() },
        ListMessagesRequest { parent: company, page_size, ..Default::default() },
    ]
}
