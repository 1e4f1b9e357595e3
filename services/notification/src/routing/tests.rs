use platform::{actor::Party, id::ContactId};
use uuid::Uuid;

use super::{Addressee, addressees};
use crate::fixtures::{BEATA, DAGMARA, PROJECT, TADEK, card, card_in_state, directory, now};
use crate::kind::Kind;
use crate::message::Notice;
use crate::recipients::Directory;
use proto::scheduling::v1::ContactState;

/// The domain's page once more, typed off it and not derived from the code: technical, decision,
/// SOFTVIG; "x" hears, "e" hears with the calendar entry, "?" when asked, "a" only if they asked,
/// "n" not if it is about them, "o" only if it is about their calendar.
const PAGE: &[(&str, &[Kind])] = {
    use Kind::*;
    &[
        ("-??", &[DatesProposed, DatesCountered, DatesUnanswered]),
        ("??x", &[DatesStillUnanswered]),
        ("eex", &[DateAgreed, DateMoved, DateWithdrawn, DateMissed]),
        ("xxx", &[OverrideRecorded, ReadinessOverdue]),
        ("xx-", &[Reminder, IntegrationsToday]),
        (
            "-xx",
            &[
                VariantRecommended,
                VariantChosen,
                LicenceRecommended,
                LicenceChosen,
                LicenceChoiceEnded,
                LicenceChoiceOutdated,
                ProofWithdrawn,
            ],
        ),
        ("xxx", &[ReadinessDeclared, ReadinessWithdrawn]),
        ("xxx", &[AuditPassed, AuditFailed, FindingAnswered, FindingRejected]),
        ("-xx", &[AuditPassHeld]),
        ("xx-", &[StageUnlocked]),
        (
            "xxx",
            &[
                RunPrepared,
                RunStarted,
                DatabasesRestored,
                RunFinished,
                RunRolledBack,
                ReserveReached,
                WindowOverrun,
            ],
        ),
        (
            "xxx",
            &[
                IntegrationsAnnounced,
                IntegrationsCancelled,
                IntegrationRestored,
                IntegrationDropAsked,
                IntegrationDropRefused,
                IntegrationDropped,
                IntegrationReopened,
                IntegrationsSummary,
            ],
        ),
        ("xxx", &[VerificationRequested, ProblemReported, ProblemAnswered, Verified, StageReopened]),
        ("xxx", &[ProtocolIssued, ProtocolDeclined, ProtocolSigned, ProjectCompleted, ProjectCancelled]),
        ("-xx", &[ContactReplaced]),
        ("-nx", &[ContactUndeliverable]),
        ("aax", &[QuestionAsked, QuestionAnswered, VariantHelpAsked]),
        ("oo-", &[EntryAdded, EntryRemoved]),
        ("--x", &[QuestionUnanswered, WebhookSwitchedOff, MessageGivenUp]),
    ]
};

fn notice(kind: Kind) -> Notice {
    Notice::new(kind, Uuid::nil(), Some(PROJECT), now())
}

/// Who hears it, with "+" behind those who get the calendar entry.
fn heard(notice: &Notice, directory: &Directory) -> Vec<String> {
    let mut names: Vec<String> = addressees(notice, directory)
        .iter()
        .map(|to| match to {
            Addressee::Contact { contact, entry } => {
                format!("{}{}", name(contact.id), if *entry { "+" } else { "" })
            }
            Addressee::Softvig => "softvig".into(),
        })
        .collect();
    names.sort();
    names
}

fn name(id: ContactId) -> &'static str {
    match id {
        TADEK => "technical",
        DAGMARA => "decision",
        _ => "both",
    }
}

fn expected(page: &str, asked: Option<Party>, about: Option<ContactId>) -> Vec<String> {
    let columns = [("technical", Some(TADEK)), ("decision", Some(DAGMARA)), ("softvig", None)];
    let mut names: Vec<String> = page
        .chars()
        .zip(columns)
        .filter_map(|(cell, (name, contact))| {
            let side = if contact.is_some() { Party::Company } else { Party::Softvig };
            let is_them = contact.is_some() && contact == about;
            match cell {
                'x' => Some(name.to_owned()),
                'e' => Some(format!("{name}+")),
                '?' => (asked == Some(side)).then(|| name.to_owned()),
                'n' => (!is_them).then(|| name.to_owned()),
                'a' => is_them.then(|| name.to_owned()),
                'o' => is_them.then(|| format!("{name}+")),
                _ => None,
            }
        })
        .collect();
    names.sort();
    names
}

#[test]
fn who_hears_what_cell_by_cell() {
    let directory = directory();
    for (page, kinds) in PAGE {
        for kind in *kinds {
            for asked in [None, Some(Party::Company), Some(Party::Softvig)] {
                for about in [None, Some(TADEK), Some(DAGMARA)] {
                    let notice = Notice { asked, about, ..notice(*kind) };
                    assert_eq!(
                        heard(&notice, &directory),
                        expected(page, asked, about),
                        "{}, asked {asked:?}, about {about:?}",
                        kind.name()
                    );
                }
            }
        }
    }
}

#[test]
fn every_kind_is_in_the_page_once() {
    let mut listed: Vec<Kind> = PAGE.iter().flat_map(|(_, kinds)| kinds.iter().copied()).collect();
    listed.sort();
    assert_eq!(listed, {
        let mut all = Kind::ALL.to_vec();
        all.sort();
        all
    });
}

/// What a contact may do without, typed once more.
const OPTIONAL: &[Kind] = {
    use Kind::*;
    &[
        Reminder,
        VariantHelpAsked,
        VariantChosen,
        LicenceChosen,
        FindingAnswered,
        StageUnlocked,
        IntegrationRestored,
        ContactReplaced,
        QuestionAsked,
    ]
};

#[test]
fn what_a_contact_has_muted_is_told_all_others() {
    assert_eq!(Kind::optional().collect::<Vec<_>>(), OPTIONAL);
    let (before, mut directory) = (directory(), directory());
    for kind in Kind::ALL {
        directory.mute(TADEK, *kind, now());
    }
    for kind in Kind::ALL {
        let notice = Notice { about: Some(TADEK), asked: Some(Party::Company), ..notice(*kind) };
        let mut expected = heard(&notice, &before);
        if OPTIONAL.contains(kind) {
            expected.retain(|name| !name.starts_with("technical"));
        }
        assert_eq!(heard(&notice, &directory), expected, "{}", kind.name());
    }
}

#[test]
fn one_person_with_both_roles_hears_once_with_the_entry() {
    let mut directory = Directory::new(crate::fixtures::COMPANY);
    directory.apply_card(BEATA, &card(BEATA));
    assert_eq!(heard(&notice(Kind::DateAgreed), &directory), ["both+", "softvig"]);
    assert_eq!(heard(&notice(Kind::ContactReplaced), &directory), ["both", "softvig"]);
}

#[test]
fn who_left_hears_only_of_their_own_calendar() {
    let mut directory = directory();
    directory.apply_card(TADEK, &card_in_state(TADEK, ContactState::Left));
    for kind in Kind::ALL {
        let notice = Notice { about: Some(TADEK), asked: Some(Party::Company), ..notice(*kind) };
        let hears = addressees(&notice, &directory)
            .iter()
            .any(|to| matches!(to, Addressee::Contact { contact, .. } if contact.id == TADEK));
        assert_eq!(hears, matches!(kind, Kind::EntryAdded | Kind::EntryRemoved), "{}", kind.name());
    }
}

#[test]
fn who_was_anonymised_hears_nothing() {
    let mut directory = directory();
    directory.anonymise(TADEK);
    for kind in Kind::ALL {
        let notice = Notice { about: Some(TADEK), asked: Some(Party::Company), ..notice(*kind) };
        assert!(!heard(&notice, &directory).iter().any(|n| n.starts_with("technical")), "{}", kind.name());
    }
}
