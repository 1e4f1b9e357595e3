//! A report as a file: PDF, in a build that has the feature `pdf`.

use platform::{Error, call::Call, files::Download};
use proto::{audit::v1 as pb, refusal::words};

use crate::Audits;

/// The language of a document.
#[derive(Clone, Copy)]
enum Language {
    Polish,
    English,
}

impl Audits {
    /// RPC `RenderAuditReport`.
    pub async fn render_audit_report(
        &self,
        call: Call,
        request: pb::RenderAuditReportRequest,
    ) -> Result<Download, Error> {
        let read = pb::GetAuditReportRequest { name: request.name };
        let report = self.get_audit_report(call, read).await?;
        let language = match request.language.as_str() {
            "pl" => Language::Polish,
            "en" => Language::English,
            other => return Err(Error::invalid("language", other, words("pl or en", "pl lub en"))),
        };
        let name = file_name(&report, language);
        let data = pdf::set(report, language).await?;
        Ok(Download::made(name, "application/pdf", data, self.core.clock.now()))
    }
}

/// "audyt-1-podejscie-2.pdf", which every system takes.
fn file_name(report: &pb::AuditReport, language: Language) -> String {
    let (audit, attempt, provisional) = match language {
        Language::Polish => ("audyt", "podejscie", "-wstepny"),
        Language::English => ("audit", "attempt", "-provisional"),
    };
    let provisional = if report.provisional { provisional } else { "" };
    format!("{audit}-{}-{attempt}-{}{provisional}.pdf", report.audit, report.number)
}

#[cfg(feature = "pdf")]
mod pdf {
    use std::time::Duration;

    use anyhow::{Context as _, anyhow};
    use tokio::sync::Semaphore;

    use super::*;

    /// Each takes a processor, and requests come from many.
    static PLACES: Semaphore = Semaphore::const_new(2);
    const LONGEST_WAIT: Duration = Duration::from_secs(20);

    pub async fn set(report: pb::AuditReport, language: Language) -> Result<Vec<u8>, Error> {
        let language = match language {
            Language::Polish => report::Language::Polish,
            Language::English => report::Language::English,
        };
        let place = tokio::time::timeout(LONGEST_WAIT, PLACES.acquire()).await;
        let place = place.map_err(|_| Error::Unavailable(anyhow!("too many reports are being set")))?;
        let set = tokio::task::spawn_blocking(move || {
            // Kept until the work is done, also where nobody waits for it any more.
            let _place = place;
            report::pdf(&report, language)
        });
        Ok(set.await.context("setting a report")?.context("setting a report")?)
    }
}

#[cfg(not(feature = "pdf"))]
mod pdf {
    use proto::{common::v1::ErrorReason, refusal::Violation};

    use super::*;

    pub async fn set(_: pb::AuditReport, _: Language) -> Result<Vec<u8>, Error> {
        let allowed = words(
            "a build with the feature pdf; GetAuditReport tells the same without it",
            "wersja zbudowana z opcją pdf; GetAuditReport podaje to samo bez niej",
        );
        Err(Violation::new(ErrorReason::NotInThisBuild).asked("PDF").allowed(allowed).into())
    }
}
