//! Names of files: those that people give, and resource names.

use proto::{
    common::v1::ErrorReason,
    refusal::{Violation, words},
};

use super::{FileId, kind::Kind};
use crate::{error::Error, id::CompanyId, name, text};

const PATTERN: &str = "companies/{company}/files/{file}";
const LONGEST: usize = 200;

/// `companies/{company}/files/{file}`.
pub fn of(company: CompanyId, file: FileId) -> String {
    format!("companies/{company}/files/{file}")
}

/// # Errors
/// `INVALID_ARGUMENT` for `field`.
pub fn parse(field: &str, name: &str) -> Result<(CompanyId, FileId), Error> {
    let [company, file] = name::ids(field, PATTERN, name)?;
    Ok((company.into(), file.into()))
}

/// What is wrong with a name that somebody gave a file: it must be one name and no path, and be read as
/// it is written.
pub fn violations(name: &str) -> Vec<Violation> {
    let mut violations: Vec<_> = text::length("display_name", name, 1..=LONGEST).into_iter().collect();
    let unfit = |c: &char| text::is_unseen(*c) || "/\\".contains(*c);
    if let Some(c) = name.chars().find(unfit) {
        let code = u32::from(c);
        let asked = words(format!("the character U+{code:04X}"), format!("znak U+{code:04X}"));
        violations.push(invalid(asked));
    } else if name.trim() != name || name.starts_with('.') {
        violations.push(invalid(name.into()));
    }
    violations
}

/// What is wrong with its ending for a file of this kind.
pub fn against_kind(name: &str, kind: Kind) -> Option<Violation> {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase()).unwrap_or_default();
    if kind.endings().contains(&ending.as_str()) {
        return None;
    }
    let endings: Vec<_> = kind.endings().iter().map(|ending| format!(".{ending}")).collect();
    let (endings, found) = (endings.join(", "), kind.media_type());
    Some(Violation::new(ErrorReason::InvalidArgument).field("display_name").asked(name).allowed(words(
        format!("an ending that fits {found}: {endings}"),
        format!("końcówka, która pasuje do {found}: {endings}"),
    )))
}

fn invalid(asked: proto::refusal::Words) -> Violation {
    Violation::new(ErrorReason::InvalidArgument).field("display_name").asked(asked).allowed(words(
        "a file's name without its folder: no slashes, control characters, or signs that turn the text, no dot or blank at its beginning",
        "nazwa pliku bez folderu: bez ukośników, znaków sterujących i znaków odwracających tekst, bez kropki i odstępu na początku",
    ))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain("faktura 12_2026 (1).pdf", true)]
    #[case::polish("protokół łącza.PDF", true)]
    #[case::nothing("", false)]
    #[case::path("../../etc/passwd.pdf", false)]
    #[case::windows_path("..\\raport.pdf", false)]
    #[case::root("/raport.pdf", false)]
    #[case::hidden(".pdf", false)]
    #[case::line_break("raport.pdf\r\nX-Evil: 1", false)]
    #[case::zero("raport\0.pdf", false)]
    #[case::turned("raport\u{202e}fdp.exe", false)]
    #[case::without_width("raport\u{200b}.pdf", false)]
    #[case::blank_around(" raport.pdf", false)]
    #[case::too_long(&format!("{}.pdf", "ż".repeat(LONGEST)), false)]
    fn a_files_name_is_one_name(#[case] name: &str, #[case] fine: bool) {
        let violations = violations(name);
        assert_eq!(violations.is_empty(), fine, "{violations:?}");
        assert!(violations.iter().all(|v| v.field == "display_name"));
    }

    #[test]
    fn a_names_ending_fits_the_content() {
        assert_eq!(against_kind("a.b.JPEG", Kind::Jpeg), None);
        for name in ["raport.pdf.exe", "raport", "pdf"] {
            let refused = against_kind(name, Kind::Pdf).expect(name);
            assert_eq!(refused.allowed, "an ending that fits application/pdf: .pdf");
        }
    }
}
