use proto::scheduling::v1::{ContactCard, ContactState as CardState};

use super::{Change, ContactState, Directory, Language, Preferences};
use crate::fixtures::{COMPANY, TADEK, card, card_in_state, now};
use crate::kind::Kind;

fn with(cards: &[ContactCard]) -> (Directory, Vec<Change>) {
    let mut directory = Directory::new(COMPANY);
    let changes = cards.iter().map(|card| directory.apply_card(TADEK, card)).collect();
    (directory, changes)
}

#[test]
fn a_contact_joins_and_leaves_once() {
    use CardState::*;
    let cases: [(&[CardState], &[Change]); 5] = [
        (&[Active, Active], &[Change::Joined, Change::None]),
        (&[Active, Left, Left], &[Change::Joined, Change::Left, Change::None]),
        (&[Left], &[Change::None]),
        (&[Active, Left, Active], &[Change::Joined, Change::Left, Change::Joined]),
        (&[Active, Anonymised, Active], &[Change::Joined, Change::Left, Change::None]),
    ];
    for (states, expected) in cases {
        let cards: Vec<_> = states.iter().map(|state| card_in_state(TADEK, *state)).collect();
        assert_eq!(with(&cards).1, expected, "{states:?}");
    }
}

#[test]
fn anonymising_removes_name_and_address_for_good() {
    let (mut directory, _) = with(&[card(TADEK)]);
    directory.anonymise(TADEK);
    directory.apply_card(TADEK, &card(TADEK));
    let contact = directory.contact(TADEK).expect("the id stays");
    assert_eq!((contact.name.as_str(), contact.email.as_str()), ("", ""));
    assert_eq!(contact.state, ContactState::Anonymised);
    let kept = serde_json::to_string(&directory).expect("serialises");
    assert!(!kept.contains("Łęcki") && !kept.contains('@'), "{kept}");
}

#[test]
fn an_undeliverable_address_is_news_once_and_ends_with_a_correction() {
    let (mut directory, _) = with(&[card(TADEK)]);
    assert!(directory.mark_undeliverable(TADEK));
    assert!(!directory.mark_undeliverable(TADEK));
    directory.apply_card(TADEK, &ContactCard { display_name: "Tadek".into(), ..card(TADEK) });
    assert!(directory.contact(TADEK).is_some_and(|c| c.undeliverable), "the address is still the same");
    directory.apply_card(TADEK, &ContactCard { email: "nowy@auto-lecki.example".into(), ..card(TADEK) });
    assert!(directory.contact(TADEK).is_some_and(|c| !c.undeliverable));
    directory.mark_undeliverable(TADEK);
    assert!(directory.clear_undeliverable(TADEK));
    assert!(!directory.clear_undeliverable(TADEK));
}

#[test]
fn names_are_one_line_and_an_unknown_language_is_polish() {
    let (directory, _) = with(&[ContactCard {
        display_name: " Jan\r\nBcc: \u{7}x ".into(),
        language: "de".into(),
        ..card(TADEK)
    }]);
    let contact = directory.contact(TADEK).expect("added");
    assert_eq!((contact.name.as_str(), contact.language()), ("Jan Bcc: x", Language::Pl));
}

#[test]
fn preferences_outlast_new_cards_and_go_with_the_name() {
    let (mut directory, _) = with(&[card(TADEK)]);
    let wish = Preferences { language: Some(Language::En), ..Preferences::default() };
    assert!(directory.prefer(TADEK, wish.clone()));
    assert!(directory.mute(TADEK, Kind::Reminder, now()));
    assert!(!directory.mute(TADEK, Kind::Reminder, now()), "it is muted");
    directory.apply_card(TADEK, &ContactCard { display_name: "Tadek".into(), ..card(TADEK) });
    let contact = directory.contact(TADEK).expect("there");
    assert_eq!((contact.language(), contact.card_language), (Language::En, Language::Pl));
    assert!(contact.has_muted(Kind::Reminder));

    directory.leave(TADEK);
    assert!(
        !directory.prefer(TADEK, Preferences::default())
            && !directory.mute(TADEK, Kind::StageUnlocked, now())
    );
    assert!(directory.contact(TADEK).is_some_and(|c| c.has_muted(Kind::Reminder)), "one may come back");
    directory.anonymise(TADEK);
    assert!(directory.contact(TADEK).is_some_and(|c| c.preferences == Preferences::default()));
}

#[test]
fn a_directory_of_an_older_build_is_read() {
    let (directory, _) = with(&[card(TADEK)]);
    let mut stored = serde_json::to_value(&directory).expect("serialises");
    let contact = stored["contacts"][0].as_object_mut().expect("a contact");
    assert_eq!(contact["language"], "pl");
    contact.remove("preferences").expect("new");
    assert_eq!(serde_json::from_value::<Directory>(stored).expect("readable"), directory);
}
