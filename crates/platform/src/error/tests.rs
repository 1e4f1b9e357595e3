use std::sync::Arc;

use sea_orm::{DbErr, RuntimeErr, SqlxError};
use tonic::Code;
use tonic_types::{ErrorDetail, StatusExt as _};

use proto::refusal::{Refusal, words};

use super::*;

fn too_early_and_unlicensed() -> Error {
    Refusal::unless_empty(vec![
        Violation::new(ErrorReason::InvalidArgument).field("dates[1].stage_date").asked("Tuesday"),
        Violation::new(ErrorReason::Audit1Buffer)
            .field("dates[0].planned_day")
            .asked("2026-12-01")
            .allowed("2026-12-29"),
    ])
    .expect_err("violations refuse")
    .into()
}

fn away(error: SqlxError) -> Error {
    DbErr::Query(RuntimeErr::SqlxError(Arc::new(error))).into()
}

#[test]
fn every_reason_has_distinct_texts_and_an_error_status() {
    let mut seen = std::collections::HashSet::new();
    for number in 1..200 {
        let Ok(reason) = ErrorReason::try_from(number) else { continue };
        let spec = reason.spec();
        assert!(spec.http >= 400 && spec.grpc != Code::Ok, "{reason:?}");
        assert!(seen.insert(spec.en) && seen.insert(spec.pl), "{reason:?} repeats a text");
        for text in [spec.en, spec.pl] {
            assert!(text.ends_with('.') && text.len() < 120, "{reason:?}: {text}");
        }
        assert_eq!(ErrorReason::from_name(reason.name()), Some(reason));
    }
}

#[test]
fn a_refusal_lists_all_violations_in_both_forms() {
    let error = too_early_and_unlicensed();
    let status = error.to_status();
    assert_eq!(status.code(), Code::FailedPrecondition);
    let info = status.get_details_error_info().expect("error info");
    assert_eq!((info.reason.as_str(), info.domain.as_str()), ("AUDIT1_BUFFER", DOMAIN));
    assert_eq!(info.metadata["allowed"], "2026-12-29");
    assert_eq!(
        status.get_details_precondition_failure().expect("rules").violations[0].subject,
        "dates[0].planned_day"
    );
    assert_eq!(
        status.get_details_bad_request().expect("fields").field_violations[0].reason,
        "INVALID_ARGUMENT"
    );
    let languages: Vec<_> = status
        .get_error_details_vec()
        .into_iter()
        .filter_map(|detail| match detail {
            ErrorDetail::LocalizedMessage(message) => Some((message.locale, message.message.lines().count())),
            _ => None,
        })
        .collect();
    assert_eq!(languages, [("en".to_owned(), 2), ("pl".to_owned(), 2)], "a line for each violation");
    assert!(status.get_details_retry_info().is_none());

    let problem = error.to_problem("/scheduling/v1/companies/c/projects/p/dates");
    assert_eq!((problem.status, problem.reason.as_str()), (422, "AUDIT1_BUFFER"));
    assert_eq!(problem.violations[0].field, "dates[0].plannedDay");
    assert!(problem.detail.ends_with("Asked: 2026-12-01. Allowed: 2026-12-29."), "{}", problem.detail);
    assert!(problem.detail_pl.ends_with("Podano: 2026-12-01. Dozwolone: 2026-12-29."));
    assert_eq!(problem.violations.len(), 2);
}

/// gRPC's own clients refuse more than 8 KiB of trailers; the details travel in base64.
#[test]
fn many_violations_are_all_named_and_still_fit_into_the_trailers() {
    let violation = |n: u32| {
        let violation = Violation::new(ErrorReason::AuditIncomplete).field(format!("checklist.item_{n}"));
        violation.allowed(words("a number from 0 to 1000000 in GB", "liczba od 0 do 1000000 w GB"))
    };
    let refusal = Refusal::unless_empty((0..50).map(violation).collect()).expect_err("violations");
    let status = Error::from(refusal).to_status();
    assert!(status.details().len() * 4 / 3 < 8 * 1024, "{} bytes", status.details().len());
    let named = status.get_details_precondition_failure().expect("rules").violations;
    assert_eq!((named.len(), named[49].subject.as_str()), (50, "checklist.item_49"));
    assert!(!named[0].description.is_empty() && named[49].description.is_empty());
}

#[test]
fn polish_prose_is_in_the_polish_text_only() {
    let error = Error::invalid(
        "day",
        "2026-02-30",
        words("a day that exists, like 2027-01-15", "dzień, który istnieje, np. 2027-01-15"),
    );
    let violation = &error.to_problem("/").violations[0];
    assert!(violation.detail.ends_with("Asked: 2026-02-30. Allowed: a day that exists, like 2027-01-15."));
    let polish = "Podano: 2026-02-30. Dozwolone: dzień, który istnieje, np. 2027-01-15.";
    assert!(violation.detail_pl.ends_with(polish), "{}", violation.detail_pl);
    assert_eq!(violation.asked_pl, None);
    let info = error.to_status().get_details_error_info().expect("error info");
    assert_eq!(info.metadata["allowedPl"], "dzień, który istnieje, np. 2027-01-15");
    assert!(!info.metadata.contains_key("askedPl"));
}

/// 16 KiB of trailers is what hyper's and gRPC's own clients take.
#[test]
fn a_status_fits_into_trailers_however_much_was_asked() {
    let long = "ż".repeat(4000);
    let wrong = |field: &str| {
        let allowed = words(&long, &long);
        Violation::new(ErrorReason::InvalidArgument).field(field).asked(&long).allowed(allowed)
    };
    let violations = (0..1000).map(|n| wrong(&format!("values[{n}].value"))).collect();
    let error = Error::from(Refusal::unless_empty(violations).expect_err("refused"));
    let status = error.to_status();
    let in_trailers = status.message().len() * 3 + status.details().len() * 4 / 3;
    assert!(in_trailers < 15 << 10, "{in_trailers} bytes");
    let info = status.get_details_error_info().expect("error info");
    assert_eq!(info.metadata["field"], "values[0].value");
    assert!(info.metadata["asked"].ends_with("ż…"), "cut, and says so");
    assert!(!status.get_details_bad_request().expect("fields").field_violations.is_empty());
    assert_eq!(error.to_problem("/").violations.len(), 1000, "REST has room");
}

#[test]
fn a_fault_shows_nothing_of_its_cause() {
    let error = Error::from(anyhow::anyhow!("password=hunter2"));
    let status = error.to_status();
    assert_eq!(status.code(), Code::Internal);
    assert!(!format!("{status:?}").contains("hunter2"));
    let problem = serde_json::to_string(&error.to_problem("/")).expect("serialises");
    assert!(problem.contains("\"status\":500") && !problem.contains("hunter2"), "{problem}");
}

#[test]
fn a_database_that_is_away_asks_for_another_try() {
    for error in [
        away(SqlxError::PoolTimedOut),
        away(SqlxError::Io(std::io::ErrorKind::ConnectionReset.into())),
        DbErr::ConnectionAcquire(sea_orm::ConnAcquireErr::Timeout).into(),
        Error::Unavailable(anyhow::anyhow!("no answer")),
    ] {
        let status = error.to_status();
        assert_eq!(status.code(), Code::Unavailable, "{error}");
        assert!(status.get_details_retry_info().is_some());
        let response = axum::response::IntoResponse::into_response(error.to_problem("/"));
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()["retry-after"], "1");
        assert_eq!(response.headers()["content-type"], "application/problem+json");
    }
    assert_eq!(away(SqlxError::RowNotFound).reason(), ErrorReason::Internal);
}
