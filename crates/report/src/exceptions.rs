//! Where SOFTVIG departs from the checklist: waivers and other limits, who answers for each, and until when.

use proto::audit::v1::{AuditReport, LimitOverride, ReportItem};

use crate::{
    Language,
    breaks::{divided, measure},
    entry::{Entry, is_long},
    items::names,
};

/// All that count, in the checklist's order.
pub fn exceptions(report: &AuditReport, language: Language) -> Vec<Entry> {
    let items = report.sections.iter().flat_map(|section| &section.items);
    let of_item = |item| [waiver(item, language), limit(item, language)].into_iter().flatten();
    items.flat_map(of_item).collect()
}

fn waiver(item: &ReportItem, language: Language) -> Option<Entry> {
    let waiver = item.waiver.as_ref()?;
    let tag = language.say("odstępstwo", "waiver");
    let what = language.say("punkt nie musi być spełniony", "the item need not be met");
    let terms = [&waiver.approver, &waiver.reason, &waiver.until];
    let mut entry = entry(item, tag, what.to_owned(), terms, language);
    if let Some(names) = names(&waiver.files) {
        entry.long |= is_long([names.as_str()]);
        entry.lines.push([language.say("Dowody", "Evidence").to_owned(), names]);
    }
    Some(entry)
}

fn limit(item: &ReportItem, language: Language) -> Option<Entry> {
    let LimitOverride { approver, reason, until, for_variant, .. } = item.limit_override.as_ref()?;
    let tag = match for_variant {
        true => language.say("inny próg dla wariantu", "another limit for the variant"),
        false => language.say("inny próg dla firmy", "another limit for the company"),
    };
    let instead = language.say("zamiast", "instead of");
    let [limit, checklist] = [&item.limit, &item.checklist_limit].map(|text| language.text(text.as_ref()));
    // Either is empty while what it is worked out from is not known.
    let what = match (limit, checklist) {
        ("", other) | (other, "") => other.to_owned(),
        (limit, checklist) => format!("{limit} {instead} {checklist}"),
    };
    Some(entry(item, tag, measure(&what), [approver, reason, until], language))
}

fn entry(
    item: &ReportItem,
    tag: &'static str,
    what: String,
    [approver, reason, until]: [&String; 3],
    language: Language,
) -> Entry {
    let line = |pl, en, text: String| [language.say(pl, en).to_owned(), text];
    Entry {
        title: divided(language.text(item.question.as_ref())),
        tag,
        blocking: false,
        lines: vec![
            line("Co", "What", what),
            line("Powód", "Reason", divided(reason)),
            line("Osoba odpowiedzialna", "Answers for it", divided(approver)),
            line("Obowiązuje do", "Until", language.day(until)),
            line("Punkt", "Item", divided(&item.key)),
        ],
        steps: Vec::new(),
        long: is_long([reason.as_str()]),
    }
}
