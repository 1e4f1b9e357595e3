//! Verification and the protocol.

use platform::{Call, Error};
use proto::{refusal::words, scheduling::v1 as pb};

use super::super::{
    parse,
    verification::{ProblemId, Reopen},
};
use super::roles;
use crate::Scheduling;

impl Scheduling {
    /// RPC `ConfirmWorks`.
    pub async fn confirm_works(
        &self,
        call: Call,
        request: pb::ConfirmWorksRequest,
    ) -> Result<pb::Project, Error> {
        self.change(&call, &request.name, roles::DECISION, |project, ctx| project.confirm_works(None, ctx))
            .await
    }

    /// RPC `ReportProblem`.
    pub async fn report_problem(
        &self,
        call: Call,
        request: pb::ReportProblemRequest,
    ) -> Result<pb::Project, Error> {
        self.change(&call, &request.name, roles::CONTACTS, |project, ctx| {
            project.report_problem(ProblemId::new(), &request.description, None, ctx)
        })
        .await
    }

    /// RPC `AnswerProblem`.
    pub async fn answer_problem(
        &self,
        call: Call,
        request: pb::AnswerProblemRequest,
    ) -> Result<pb::Project, Error> {
        let problem = parse::id("problem", &request.problem)?;
        let reopen = match (request.reopen_brand.as_str(), request.reopen_migration) {
            ("", false) => None,
            ("", true) => Some(Reopen::Migration),
            (brand, false) => Some(Reopen::Brand(brand.to_owned())),
            (brand, true) => {
                return Err(Error::invalid(
                    "reopen_brand",
                    brand,
                    words("either a brand or the migration", "marka albo migracja"),
                ));
            }
        };
        self.change(&call, &request.name, roles::CRM_OR_OPERATOR, |project, ctx| {
            project.answer_problem(problem, &request.answer, reopen, ctx)
        })
        .await
    }

    /// RPC `SignProtocol`.
    pub async fn sign_protocol(
        &self,
        call: Call,
        request: pb::SignProtocolRequest,
    ) -> Result<pb::Project, Error> {
        let number = parse::number("number", request.number)?;
        self.change(&call, &request.name, roles::DECISION_OR_SOFTVIG, |project, ctx| {
            project.sign_protocol(number, None, ctx)
        })
        .await
    }

    /// RPC `DeclineProtocol`.
    pub async fn decline_protocol(
        &self,
        call: Call,
        request: pb::DeclineProtocolRequest,
    ) -> Result<pb::Project, Error> {
        let number = parse::number("number", request.number)?;
        self.change(&call, &request.name, roles::DECISION_OR_SOFTVIG, |project, ctx| {
            project.decline_protocol(number, &request.reason, ctx)
        })
        .await
    }
}
