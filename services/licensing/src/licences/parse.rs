//! What requests say, in the model's words.

use platform::{Error, name};
use proto::{licensing::v1 as pb, refusal::words};

use super::{Needs, OtherApplications};
use crate::catalogue::{Catalogue, LicenceKind, Offer};

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
    Ok(Needs {
        other_applications,
        cores: count("needs.cores", needs.cores)?,
        processors: count("needs.processors", needs.processors)?,
        virtual_machine: needs.virtual_machine,
        users: count("needs.users", needs.users)?,
        devices: count("needs.devices", needs.devices)?,
    })
}

fn count(field: &str, number: Option<i32>) -> Result<Option<u32>, Error> {
    let allowed = || words("no negative number", "liczba nieujemna");
    number.map(|n| u32::try_from(n).map_err(|_| Error::invalid(field, n, allowed()))).transpose()
}

/// An offer of the catalogue.
pub(super) fn offer<'a>(catalogue: &'a Catalogue, resource: &str) -> Result<&'a Offer, Error> {
    let [key] = name::parts("offer", "offers/{offer}", resource)?;
    catalogue.offer(key).ok_or_else(|| Error::not_found(resource))
}
