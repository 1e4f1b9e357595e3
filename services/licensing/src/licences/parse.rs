//! What requests say, in the model's words.

use jiff::civil::Date;
use platform::{Error, name};
use proto::{licensing::v1 as pb, refusal::words};

use super::{
    DocumentKind, Existing, LicenceDocument, Needs, OtherApplications, Owned, contradictions::said,
    needs::NOTHING_OWNED,
};
use crate::catalogue::{LicenceKind, Metric};

/// A kind must be said.
pub(super) fn kind(field: &str, number: i32) -> Result<LicenceKind, Error> {
    match pb::LicenceKind::try_from(number) {
        Ok(pb::LicenceKind::Standard) => Ok(LicenceKind::Standard),
        Ok(pb::LicenceKind::Runtime) => Ok(LicenceKind::Runtime),
        Ok(pb::LicenceKind::Unspecified) | Err(_) => {
            Err(Error::invalid(field, number, "LICENCE_KIND_STANDARD, LICENCE_KIND_RUNTIME"))
        }
    }
}

/// A metric may be left open.
pub(super) fn metric(field: &str, number: i32) -> Result<Option<Metric>, Error> {
    match pb::LicenceMetric::try_from(number) {
        Ok(pb::LicenceMetric::Unspecified) => Ok(None),
        Ok(pb::LicenceMetric::PerCore) => Ok(Some(Metric::PerCore)),
        Ok(pb::LicenceMetric::ServerAndCal) => Ok(Some(Metric::ServerAndCal)),
        Err(_) => {
            Err(Error::invalid(field, number, "LICENCE_METRIC_PER_CORE, LICENCE_METRIC_SERVER_AND_CAL"))
        }
    }
}

/// A day, or none where the field is empty.
pub(super) fn optional_day(field: &str, text: &str) -> Result<Option<Date>, Error> {
    if text.is_empty() {
        return Ok(None);
    }
    // Ten characters: a time of the day is no part of a day.
    let day = (text.len() == 10).then(|| text.parse().ok()).flatten();
    let allowed = words("a day that exists, like 2027-01-15", "dzień, który istnieje, np. 2027-01-15");
    day.map(Some).ok_or_else(|| Error::invalid(field, text, allowed))
}

/// The document of a proof; the model judges its number.
pub(super) fn document(document: Option<pb::LicenceDocument>) -> Result<LicenceDocument, Error> {
    let document = document.ok_or_else(|| {
        let allowed =
            words("an invoice or a certificate, with its number", "faktura albo certyfikat, z numerem");
        Error::invalid("document", words("none", "brak"), allowed)
    })?;
    let kind = match pb::LicenceDocumentKind::try_from(document.kind) {
        Ok(pb::LicenceDocumentKind::Invoice) => DocumentKind::Invoice,
        Ok(pb::LicenceDocumentKind::Certificate) => DocumentKind::Certificate,
        Ok(pb::LicenceDocumentKind::Unspecified) | Err(_) => {
            let allowed = "LICENCE_DOCUMENT_KIND_INVOICE, LICENCE_DOCUMENT_KIND_CERTIFICATE";
            return Err(Error::invalid("document.kind", document.kind, allowed));
        }
    };
    Ok(LicenceDocument { kind, number: document.number })
}

/// All needs; what is left out is unknown.
pub(super) fn needs(needs: Option<pb::Needs>) -> Result<Needs, Error> {
    let needs = needs.ok_or_else(|| {
        let allowed = words("the needs, all of them", "komplet potrzeb");
        Error::invalid("needs", words("none", "brak"), allowed)
    })?;
    let other_applications = match pb::OtherApplications::try_from(needs.other_applications) {
        Ok(pb::OtherApplications::Unspecified) => OtherApplications::Unknown,
        Ok(pb::OtherApplications::No) => OtherApplications::No,
        Ok(pb::OtherApplications::Yes) => OtherApplications::Yes,
        Err(_) => {
            let allowed = "OTHER_APPLICATIONS_NO, OTHER_APPLICATIONS_YES";
            return Err(Error::invalid("needs.other_applications", needs.other_applications, allowed));
        }
    };
    let existing = needs.existing.unwrap_or_default();
    Ok(Needs {
        other_applications,
        target_version: text(needs.target_version),
        virtual_machine: needs.virtual_machine,
        cores: count("cores", needs.cores)?,
        processors: count("processors", needs.processors)?,
        virtual_cores: count("virtual_cores", needs.virtual_cores)?,
        memory_gb: count("memory_gb", needs.memory_gb)?,
        users: count("users", needs.users)?,
        indirect_users: count("indirect_users", needs.indirect_users)?,
        devices: count("devices", needs.devices)?,
        indirect_devices: count("indirect_devices", needs.indirect_devices)?,
        mixed_cals: needs.mixed_cals,
        mix_users: count("mix_users", needs.mix_users)?,
        mix_devices: count("mix_devices", needs.mix_devices)?,
        windows_version: text(needs.windows_version),
        host_cores: count("host_cores", needs.host_cores)?,
        host_processors: count("host_processors", needs.host_processors)?,
        existing: Existing {
            sql_version: owned(existing.sql_version),
            sql_cores: count("existing.sql_cores", existing.sql_cores)?,
            sql_servers: count("existing.sql_servers", existing.sql_servers)?,
            sql_user_cals: count("existing.sql_user_cals", existing.sql_user_cals)?,
            sql_device_cals: count("existing.sql_device_cals", existing.sql_device_cals)?,
            windows_version: owned(existing.windows_version),
            windows_cores: count("existing.windows_cores", existing.windows_cores)?,
            windows_user_cals: count("existing.windows_user_cals", existing.windows_user_cals)?,
            windows_device_cals: count("existing.windows_device_cals", existing.windows_device_cals)?,
        },
    })
}

fn text(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn owned(version: String) -> Option<Owned> {
    match text(version) {
        Some(none) if none == NOTHING_OWNED => Some(Owned::None),
        version => version.map(Owned::Version),
    }
}

/// Not negative; the model knows the whole range and judges the rest.
fn count(path: &str, number: Option<i32>) -> Result<Option<u32>, Error> {
    let wrong = |number: i32| {
        let numbers = Needs::default().numbers();
        let range = numbers.into_iter().find(|(known, _, _)| *known == path).map(|(_, _, range)| range);
        Error::invalid(format!("needs.{path}"), number, range.map_or_else(|| "".into(), |range| said(&range)))
    };
    number.map(|n| u32::try_from(n).map_err(|_| wrong(n))).transpose()
}

/// The key of an offer.
pub(super) fn offer(resource: &str) -> Result<&str, Error> {
    let [key] = name::parts("offer", "offers/{offer}", resource)?;
    Ok(key)
}
