use proto::{
    audit::v1::{Attachment, AuditReport, AuditState, MissingValue, ReportItem, Verdict},
    common::v1::{File, LocalizedText},
};
use rstest::rstest;
use typst::{
    layout::{Abs, Frame, FrameItem, Point},
    text::TextItem,
};

use super::{
    Language::{English, Polish},
    *,
};

/// Audit 1 that failed: findings, a waiver, another limit, values by a person and by a collector.
fn failed() -> AuditReport {
    serde_json::from_str(include_str!("tests/failed.json")).expect("the contract's JSON")
}

fn items(report: &mut AuditReport) -> Vec<&mut ReportItem> {
    report.sections.iter_mut().flat_map(|section| &mut section.items).collect()
}

fn both(text: &str) -> Option<LocalizedText> {
    Some(LocalizedText { pl: text.to_owned(), en: text.to_owned() })
}

/// The report with a text wherever people may write one.
fn with(text: &str) -> AuditReport {
    let mut report = failed();
    let own = || text.to_owned();
    (report.company, report.variant, report.void_reason) = (own(), own(), own());
    report.assignments[0].auditor = own();
    report.collectors[0].host = own();
    report.findings[0].step_texts[1] = both(text).expect("both");
    report.findings[0].measured = both(text);
    for item in items(&mut report).into_iter().take(3) {
        item.question = both(text);
        item.limit = both(text);
        let value = item.value.as_mut().expect("a value");
        (value.note, value.text) = (own(), both(text));
    }
    for item in items(&mut report) {
        if let Some(waiver) = &mut item.waiver {
            (waiver.reason, waiver.approver) = (own(), own());
        }
        if let Some(set) = &mut item.limit_override {
            (set.reason, set.approver) = (own(), own());
        }
    }
    report
}

/// Each run of text of a page, and where it begins.
fn runs(frame: &Frame, at: Point) -> Vec<(Point, &TextItem)> {
    let mut found = Vec::new();
    for (place, item) in frame.items() {
        match item {
            FrameItem::Text(text) => found.push((at + *place, text)),
            FrameItem::Group(group) => found.extend(runs(&group.frame, at + *place)),
            _ => {}
        }
    }
    found
}

/// The text of each page without spaces: where lines end is no part of it.
fn pages(report: &AuditReport, language: Language) -> Vec<String> {
    let document = set(report, language).expect("it can be set");
    let pages = document.pages().iter();
    pages
        .map(|page| runs(&page.frame, Point::zero()).iter().map(|(_, run)| bare(&run.text)).collect())
        .collect()
}

fn bare(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && *c != '\u{200b}').collect()
}

#[test]
fn the_result_comes_first_then_what_is_to_be_corrected_then_all_items() {
    for (language, expected) in [
        (Polish, ["Auto Łęcki", "Wynik negatywny", "Do poprawy", "Odstępstwa i inne progi", "Punkty audytu"]),
        (
            English,
            ["Auto Łęcki", "Failed", "To be corrected", "Waivers and other limits", "Items of the audit"],
        ),
    ] {
        let text = pages(&failed(), language).concat();
        let places: Vec<_> = expected.iter().map(|words| text.find(&bare(words)).expect(words)).collect();
        assert!(places.is_sorted(), "{places:?}");
    }
}

#[test]
fn what_a_report_says_is_on_its_pages() {
    let text = pages(&failed(), Polish).concat();
    for words in [
        "1. Pamięć operacyjna",
        "dołożono 24 GB",
        "NIESPEŁNIONE, blokujące",
        "7,5 GB",
        "≥ 16 GB",
        "Anna Nowak",
        "31.01.2027",
        "≥ 1,2 GHz zamiast ≥ 1,4 GHz",
        "collect 1.4 na SRV-DMS",
        "14.01.2027, 16:00, auditor-1 (SOFTVIG)",
        "ważne do 28.01.2027",
        "wartość domyślna",
        "Stan na 15.01.2027, 10:00",
    ] {
        assert!(text.contains(&bare(words)), "{words}");
    }
}

#[test]
fn a_value_too_long_for_its_column_is_whole_beside_the_question() {
    let mut report = failed();
    // Short enough for one page, so that no page's head comes in between.
    let text: String = (0..120).map(|n| format!("{n} ")).collect();
    items(&mut report)[0].value.as_mut().expect("a value").text = both(&text);
    assert!(pages(&report, Polish).concat().contains(&bare(&format!("Wartość: {text}"))));
}

#[test]
fn files_that_show_something_are_named_where_they_belong() {
    let mut report = failed();
    let file = |name: &str| File { display_name: name.to_owned(), ..File::default() };
    items(&mut report)[0].attachments =
        vec![Attachment { file: Some(file("winver.png")), ..Attachment::default() }];
    let waived = items(&mut report).into_iter().find_map(|item| item.waiver.as_mut()).expect("one is waived");
    waived.files = vec![file("zgoda.pdf")];
    report.findings[0].finding.as_mut().expect("a finding").steps[1].files =
        vec![file("a.pdf"), file("b.pdf")];
    let text = pages(&report, Polish).concat();
    for words in ["załączniki: winver.png", "Dowody zgoda.pdf", "załączniki: a.pdf, b.pdf"] {
        assert!(text.contains(&bare(words)), "{words}");
    }
}

#[test]
fn a_report_without_a_result_says_that_it_is_provisional() {
    let mut report = failed();
    (report.passed, report.provisional) = (None, true);
    report.set_state(AuditState::Open);
    report.missing = vec![MissingValue { question: both("Pamięć"), ..MissingValue::default() }];
    let first = &pages(&report, Polish)[0];
    assert!(first.contains(&bare("Raport wstępny")) && first.contains(&bare("Czego jeszcze brakuje")));
    assert!(pages(&report, English)[0].contains(&bare("Provisional")));

    report.set_state(AuditState::Voided);
    report.void_reason = "zmiana wariantu".to_owned();
    let first = &pages(&report, Polish)[0];
    assert!(
        first.contains(&bare("Podejście unieważnione")) && first.contains(&bare("Powód: zmiana wariantu"))
    );
}

#[rstest]
#[case::code("#panic() #import \"x\": y #[b] #{1+1} #let")]
#[case::mathematics("$x^2$ a_b 1/2 -> => ...")]
#[case::markup("*b* _i_ `raw` = head - list + enum / term: ~ -- ---")]
#[case::references("<label> @ref https://a.example/x [x](y)")]
#[case::escapes(r"\ \\ \u{41} C:\dane\nowe // no /* comment */")]
#[case::quotes("\"a\" 'b' „c” «d»")]
#[case::templates("{{7*7}} {% x %} ${y} &lt;br&gt;")]
fn what_people_write_is_no_markup(#[case] text: &str) {
    let set = pages(&with(text), English).concat();
    // Company, variant, auditor, program, finding twice, three items with four texts, two exceptions.
    let times = set.matches(&bare(text)).count();
    assert!(times >= 20, "{times} times in {set}");
}

#[rstest]
#[case::no_space("ż".repeat(2000))]
#[case::wide("W".repeat(2000))]
#[case::a_path(r"\\srv-01\kopie\2027\".repeat(60))]
#[case::words("Zażółć gęślą jaźń. ".repeat(100))]
#[case::lines("a\nb\n\n\tc\r\n".repeat(40))]
fn nothing_reaches_over_the_edge_or_into_another_column(#[case] text: String) {
    let document = set(&with(&text), Polish).expect("it can be set");
    for page in document.pages() {
        let margin = Abs::mm(18.0);
        let right = page.frame.width() - margin + Abs::pt(0.5);
        let runs = runs(&page.frame, Point::zero());
        for (at, run) in &runs {
            assert!(at.x + run.width() <= right, "{} at {at:?}", run.text);
            let next = runs.iter().filter(|(other, _)| other.y == at.y && other.x > at.x);
            for (other, follows) in next {
                let reaches = at.x + run.width() - other.x;
                assert!(reaches < Abs::pt(0.5), "{:?} reaches into {:?}", run.text, follows.text);
            }
        }
        let bottom = page.frame.height() - Abs::mm(10.0);
        assert!(runs.iter().all(|(at, _)| at.y < bottom));
    }
}

#[test]
fn the_fonts_have_every_letter_and_sign_that_a_report_needs() {
    let letters = "ąćęłńóśźż ĄĆĘŁŃÓŚŹŻ ≥ ≤ ≠ → – — … „” « » · × µ ² ° % § № äöüß éèê čšřž Українська";
    let document = set(&with(letters), Polish).expect("it can be set");
    for page in document.pages() {
        for (_, run) in runs(&page.frame, Point::zero()) {
            assert!(run.glyphs.iter().all(|glyph| glyph.id != 0), "{:?}", run.text);
        }
    }
    assert!(pdf(&with("😀 漢字 \u{fffd} \u{202e}"), Polish).is_ok(), "what the fonts lack is no fault");
}

#[test]
fn a_table_repeats_its_head_and_each_page_has_its_number() {
    let mut report = failed();
    let base = report.sections[1].items.clone();
    report.sections[1].items = base.into_iter().cycle().take(300).collect();
    let pages = pages(&report, Polish);
    let of_section = |page: &&String| page.matches(&bare("Wersja systemu Windows Server")).count() > 0;
    assert!(pages.iter().filter(of_section).all(|page| page.contains("PunktWartośćWymaganeOcena")));
    for (at, page) in pages.iter().enumerate() {
        assert!(page.contains(&format!("{}/{}", at + 1, pages.len())), "{page}");
    }
    assert!(
        pages
            .iter()
            .skip(1)
            .all(|page| page.starts_with(&bare("Auto Łęcki Audyt techniczny I, podejście 1")))
    );
}

#[test]
fn every_verdict_has_words() {
    let mut report = failed();
    let verdicts = [
        Verdict::Missing,
        Verdict::Waiting,
        Verdict::Passed,
        Verdict::FailedMinor,
        Verdict::FailedBlocking,
        Verdict::Waived,
        Verdict::NotApplicable,
    ];
    for (item, verdict) in items(&mut report).into_iter().zip(verdicts) {
        item.set_verdict(verdict);
    }
    for language in [Polish, English] {
        let text = pages(&report, language).concat();
        for verdict in verdicts {
            let words = bare(language.verdict(verdict));
            // Once in the summary, once at least beside an item.
            assert!(text.matches(&words).count() >= 2, "{words} in {text}");
        }
    }
}

#[test]
fn the_same_report_gives_the_same_tagged_file() {
    let once = pdf(&failed(), Polish).expect("it can be set");
    assert_eq!(once, pdf(&failed(), Polish).expect("again"));
    let has = |file: &[u8], words: &str| file.windows(words.len()).any(|part| part == words.as_bytes());
    assert!(once.starts_with(b"%PDF-1.7"));
    for words in
        ["/Lang(pl)", "/Marked true", "Audyt techniczny I, podejście 1: Auto Łęcki", "D:20270115090000Z"]
    {
        assert!(has(&once, words), "{words}");
    }
    assert!(has(&pdf(&failed(), English).expect("it can be set"), "/Lang(en)"));
}

#[test]
fn a_report_that_says_nothing_can_be_set() {
    for language in [Polish, English] {
        assert_eq!(pages(&AuditReport::default(), language).len(), 1);
    }
}
