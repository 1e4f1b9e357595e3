//! An audit's report as PDF, set by Typst. Pure: no file, no network, no clock; the same report gives the same bytes.

mod breaks;
mod details;
mod document;
mod entry;
mod exceptions;
mod findings;
mod items;
mod language;
mod outcome;
mod verdicts;
mod world;

#[cfg(test)]
mod tests;

use jiff::{Timestamp, tz::TimeZone};
use pbjson_types::Timestamp as Instant;
use proto::audit::v1::AuditReport;
use typst::{
    comemo,
    diag::SourceDiagnostic,
    foundations::{Datetime, Smart},
};
use typst_layout::PagedDocument;
use typst_pdf::PdfOptions;

pub use self::language::Language;
use self::{document::Document, world::Template};

/// A report that cannot be set: a fault of this crate, whatever the report says.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the report's data cannot be written as JSON: {0}")]
    Data(#[from] serde_json::Error),
    #[error("the report's template: {0}")]
    Template(String),
}

/// The report as a tagged PDF of A4 pages. It takes a processor for as long as it runs.
///
/// # Errors
/// A fault of this crate.
pub fn pdf(report: &AuditReport, language: Language) -> Result<Vec<u8>, Error> {
    let pages = set(report, language);
    let options = PdfOptions {
        ident: Smart::Custom(format!("{} {}", report.name, language.key())),
        creator: Smart::Custom(Some("Przesiadka".to_owned())),
        timestamp: report.read_at.as_ref().and_then(written).map(typst_pdf::Timestamp::new_utc),
        ..PdfOptions::default()
    };
    let pdf = pages.and_then(|pages| typst_pdf::pdf(&pages, &options).map_err(|e| template(&e)));
    // What Typst remembers of this report would help no other one, and it would stay in memory.
    comemo::evict(0);
    pdf
}

fn set(report: &AuditReport, language: Language) -> Result<PagedDocument, Error> {
    let data = serde_json::to_vec(&Document::new(report, language))?;
    typst::compile::<PagedDocument>(&Template::new(data)).output.map_err(|e| template(&e))
}

fn template(errors: &[SourceDiagnostic]) -> Error {
    Error::Template(errors.iter().map(|error| error.message.as_str()).collect::<Vec<_>>().join("; "))
}

fn written(at: &Instant) -> Option<Datetime> {
    let at = timestamp(at)?.to_zoned(TimeZone::UTC);
    let [month, day, hour, minute, second] =
        [at.month(), at.day(), at.hour(), at.minute(), at.second()].map(i8::unsigned_abs);
    Datetime::from_ymd_hms(at.year().into(), month, day, hour, minute, second)
}

fn timestamp(at: &Instant) -> Option<Timestamp> {
    Timestamp::new(at.seconds, at.nanos).ok()
}
