use std::{collections::BTreeSet, fs, path::PathBuf};

use minijinja::context;
use rstest::rstest;

use super::{Frame, Templates, sources::Sources, text_name};
use crate::kind::Kind;
use crate::message::samples::samples;
use crate::message::words::values;
use crate::recipients::Language;

/// A folder of templates, gone with the test.
struct Folder(PathBuf);

impl Folder {
    fn with(files: &[(&str, &[u8])]) -> Self {
        let folder = std::env::temp_dir().join(testkit::unique_name());
        for (name, text) in files {
            let file = folder.join(name);
            fs::create_dir_all(file.parent().expect("below the folder")).expect("made");
            fs::write(file, text).expect("written");
        }
        Self(folder)
    }

    /// What is wrong with it, a line each, without the folder's path.
    fn refused(&self) -> Vec<String> {
        let error = Templates::load(Some(&self.0)).expect_err("refused").to_string();
        let lines = error.lines().map(|line| line.replace(&format!("{}/", self.0.display()), ""));
        lines.skip(1).map(|line| line.trim().to_owned()).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[rstest]
#[case::does_not_parse(
    "pl/verified.txt.j2",
    "Temat\n{% if %}\n",
    ":2: syntax error: unexpected end of block"
)]
#[case::a_tag_left_open(
    "pl/verified.txt.j2",
    "Temat\n\n{% if true %}\nx\n",
    ":4: syntax error: unexpected end of input"
)]
#[case::a_missing_name(
    "pl/run_started.txt.j2",
    "Temat\nDo {{ ends }}\n",
    ":2: ends is not among what there is (attempt, ends_at)"
)]
#[case::a_missing_name_where_nobody_comes(
    "pl/verified.txt.j2",
    "Temat\n{% if false %}{{ who.name }}{% endif %}x\n",
    ":2: who.name is not among what there is (no facts)"
)]
#[case::a_field_of_a_sentence(
    "pl/run_started.txt.j2",
    "Temat\n{{ ends_at.day }}\n",
    ":2: ends_at.day is not among what there is (attempt, ends_at)"
)]
#[case::a_missing_field_of_a_list(
    "pl/dates_proposed.txt.j2",
    "Temat\n{% for d in dates %}\n{{ d.wen }}\n{% endfor %}\n",
    ":3: undefined value"
)]
#[case::an_unknown_filter(
    "pl/verified.txt.j2",
    "Temat\n{{ 1 | shout }}\n",
    ":2: unknown filter: filter shout is unknown"
)]
#[case::an_endless_loop(
    "pl/verified.txt.j2",
    "Temat\n{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}\n",
    ":2: engine ran out of fuel"
)]
#[case::a_macro_in_itself(
    "pl/verified.txt.j2",
    "Temat\n{% macro m() %}{{ m() }}{% endmacro %}\n{{ m() }}\n",
    ":2: invalid operation: recursion limit exceeded"
)]
#[case::an_include_of_itself(
    "pl/verified.txt.j2",
    "Temat\n{% include \"pl/verified.txt\" %}\n",
    ":2: syntax error: unknown statement include"
)]
#[case::no_subject(
    "pl/verified.txt.j2",
    "\nTreść\n",
    ": the first line, which is the subject, is empty with the sample usual"
)]
#[case::no_subject_in_one_branch(
    "pl/audit_passed.txt.j2",
    "{% if findings %}Wynik{% endif +%}\nTreść\n",
    ": the first line, which is the subject, is empty with the sample bare"
)]
#[case::nothing_but_a_subject(
    "pl/verified.txt.j2",
    "Temat\n\n",
    ": there is nothing below the subject with the sample usual"
)]
#[case::a_frame_without_the_message(
    "pl/frame.txt.j2",
    "Dzień dobry!\n",
    ": it leaves out {{ body }}, which is the message"
)]
#[case::a_frame_with_a_fact(
    "pl/frame.txt.j2",
    "{{ body }} {{ when }}\n",
    ":1: when is not among what there is (body, calendar, company, name, portal, unsubscribe)"
)]
#[case::a_page_without_lists(
    "page.html.j2",
    "{% for b in blocks %}{{ b.lines | join(' ') }}{% endfor %}",
    ": it leaves out some of the blocks' lines or points"
)]
#[case::a_page_without_the_last_line(
    "page.html.j2",
    "{{ subject }}{% for b in blocks %}{% for l in b.lines %}{% if loop.first %}{{ l }}{% endif %}{% endfor %}{{ b.points }}{% endfor %}",
    ": it leaves out some of the blocks' lines or points"
)]
#[case::a_page_that_does_not_escape(
    "page.html.j2",
    "{{ subject }}{% autoescape false %}{% for b in blocks %}{% for l in b.lines + b.points %}{{ l }} {{ l | escape }}{% endfor %}{% endfor %}{% endautoescape %}",
    ": it does not escape what people write"
)]
#[case::no_name_of_a_template("pl/date_agred.txt.j2", "Temat\nTreść\n", ": no template has this name")]
#[case::another_language("de/verified.txt.j2", "Betreff\nText\n", ": no template has this name")]
#[case::a_file_of_something_else("README.md", "", ": no template has this name")]
fn a_file_that_cannot_be_used_is_refused(#[case] file: &str, #[case] text: &str, #[case] says: &str) {
    let lines = Folder::with(&[(file, text.as_bytes())]).refused();
    assert!(lines[0].starts_with(&format!("{file}{says}")), "{lines:#?}");
    assert!(lines.iter().all(|line| line.starts_with(file)), "the others are good: {lines:#?}");
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let folder = Folder::with(&[
        ("pl/verified.txt.j2", b"Temat\n{{ who }}\n"),
        ("en/verified.txt.j2", b"Subject\n{% if %}\n"),
        ("en/run_started.txt.j2", "Żaden\n".as_bytes()),
        ("pl/run_started.txt.j2", b"Pocz\xB9tek\nTre\x9C\xE6\n"),
        ("pl/run_strated.txt.j2", b"x"),
    ]);
    let places: Vec<String> =
        folder.refused().iter().filter_map(|line| Some(line.split_once(": ")?.0.to_owned())).collect();
    let expected = [
        "en/run_started.txt.j2",
        "en/run_started.txt.j2",
        "en/verified.txt.j2:2",
        "pl/run_started.txt.j2",
        "pl/run_strated.txt.j2",
        "pl/verified.txt.j2:2",
    ];
    assert_eq!(places, expected);
    let missing = Templates::load(Some(&folder.0.join("elsewhere"))).expect_err("there is none");
    assert!(missing.to_string().starts_with("notification.templates: /"), "{missing:#}");
}

#[test]
fn a_folder_replaces_what_it_has_and_changes_the_version_of_nothing_else() {
    let (shipped, kind) = (Templates::load(None).expect("good"), Kind::RunStarted);
    let text = "\u{feff}Zaczynamy\r\nPróba {{ attempt }}\r\nKoniec: {{ ends_at }}\r\n".as_bytes();
    let folder = Folder::with(&[("pl/run_started.txt.j2", text), ("..data/what_kubernetes_has.txt", b"")]);
    let ours = Templates::load(Some(&folder.0)).expect("good");
    let facts = values(Language::Pl, &samples(kind)[0].notice.facts);
    let text = ours.text(kind, Language::Pl, &facts).expect("renders");
    assert_eq!(text.subject, "Zaczynamy");
    assert_eq!(text.body, "Próba 1\nKoniec: sobota, 27 lutego 2027, godz. 6:00");
    for other in Kind::ALL {
        for language in Language::ALL {
            let same = shipped.version(*other, language) == ours.version(*other, language);
            let replaced = (*other, language) == (kind, Language::Pl);
            assert_eq!(same, !replaced, "{other:?} {language:?}");
            assert_eq!(ours.overridden(*other, language).is_empty(), !replaced);
        }
    }
    assert_eq!(ours.overridden(kind, Language::Pl), ["pl/run_started.txt.j2"]);
    let again = Templates::load(Some(&folder.0)).expect("good");
    assert_eq!(again.version(kind, Language::Pl), ours.version(kind, Language::Pl), "as on another replica");
}

#[test]
fn a_frame_is_part_of_the_version_of_each_message_in_its_language() {
    let shipped = Templates::load(None).expect("good");
    let folder = Folder::with(&[("en/frame.txt.j2", b"Hello {{ name }}!\n\n{{ body }}\n")]);
    let ours = Templates::load(Some(&folder.0)).expect("good");
    for kind in Kind::ALL {
        assert_eq!(shipped.version(*kind, Language::Pl), ours.version(*kind, Language::Pl));
        assert_ne!(shipped.version(*kind, Language::En), ours.version(*kind, Language::En));
    }
    let versions: BTreeSet<String> = Kind::ALL
        .iter()
        .flat_map(|kind| Language::ALL.map(|language| shipped.version(*kind, language)))
        .collect();
    assert_eq!(versions.len(), 2 * Kind::ALL.len(), "each has its own");
    assert!(versions.iter().all(|version| version.len() == 12));
}

#[test]
fn the_samples_take_every_branch_of_the_shipped_templates() {
    let (templates, sources) = (Templates::load(None).expect("good"), Sources::shipped());
    for kind in Kind::ALL {
        for language in Language::ALL {
            let name = text_name(*kind, language);
            let written: String = samples(*kind)
                .iter()
                .map(|sample| {
                    let facts = values(language, &sample.notice.facts);
                    let text = templates.text(*kind, language, &facts).expect("renders");
                    format!("{}\n{}\n", text.subject, text.body)
                })
                .collect();
            for words in said(&sources.get(&name).text) {
                assert!(written.contains(&words), "{name}: no sample says {words:?}");
            }
        }
    }
}

/// The words of a template that stand between its tags.
fn said(source: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = source;
    while let Some((before, tag)) = rest.split_once('{') {
        words.push(before);
        rest = tag.split_once('}').map_or("", |(_, after)| after.trim_start_matches('}'));
    }
    words.push(rest);
    words.iter().flat_map(|w| w.lines()).map(|w| w.trim().to_owned()).filter(|w| !w.is_empty()).collect()
}

#[test]
fn html_shows_dashes_as_a_list_in_its_place() {
    let templates = Templates::load(None).expect("good");
    let plain = "Dzień dobry!\n\nNajpierw:\n- jeden\n- dwa & trzy\nPotem nic.\n\nKoniec";
    let html = templates.html(Language::Pl, "Temat", plain, "").expect("renders");
    let order =
        [">Dzień dobry!</p>", "Najpierw:", ">jeden</li>", ">dwa &amp; trzy</li>", "Potem nic.", "Koniec"];
    let order = order.map(|words| html.find(words).expect(words));
    assert!(order.is_sorted(), "{html}");
}

#[test]
fn a_page_asks_nothing_of_other_machines() {
    let templates = Templates::load(None).expect("good");
    let html = templates.html(Language::Pl, "Temat", "Raz\n\n- dwa", "").expect("renders");
    for outside in ["http", "src=", "url(", "<link", "<script", "@import"] {
        assert!(!html.contains(outside), "{outside} in {html}");
    }
}

#[test]
fn what_people_write_is_no_template() {
    let templates = Templates::load(None).expect("good");
    let evil = "{{ 7*7 }}{% raw %}<script>";
    let facts = context! { note => evil };
    let text = templates.text(Kind::ProblemReported, Language::Pl, &facts).expect("renders");
    let frame = Frame { name: evil, company: evil, calendar: "", portal: true, unsubscribe: "" };
    let plain = templates.plain(Language::Pl, frame, &text.body).expect("renders");
    assert_eq!(plain.matches(evil).count(), 3, "{plain}");
    let html = templates.html(Language::Pl, evil, &plain, "").expect("renders");
    assert_eq!(html.matches("{{ 7*7 }}{% raw %}&lt;script&gt;").count(), 4, "{html}");
    assert!(!html.contains("<script>"), "{html}");
}
