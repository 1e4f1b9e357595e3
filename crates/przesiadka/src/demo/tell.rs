//! Lines for a person to read: days, stages, what happened, who was told.

use jiff::{Timestamp, civil::Date};

/// Columns of a line; a narrow terminal breaks it once more.
const WIDTH: usize = 100;
/// Columns before the text: a time, who it was, a mark.
const MARGIN: usize = 22;

/// Colours, on a terminal only.
#[derive(Clone, Copy, Debug)]
pub struct Paint {
    colour: bool,
}

impl Paint {
    pub fn new(colour: bool) -> Self {
        Self { colour }
    }

    pub fn strong(self, text: &str) -> String {
        self.with("1", text)
    }

    pub fn good(self, text: &str) -> String {
        self.with("32", text)
    }

    pub fn bad(self, text: &str) -> String {
        self.with("31", text)
    }

    pub fn quiet(self, text: &str) -> String {
        self.with("2", text)
    }

    /// What opens the way.
    pub fn opens(self, text: &str) -> String {
        self.with("1;36", text)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// A time, who it was, a mark and a text, which is broken over several lines where it is long. Time and
    /// person may be empty.
    pub fn row(
        self,
        time: &str,
        who: &str,
        mark: char,
        text: &str,
        paint: impl Fn(&str) -> String,
    ) -> String {
        let lines: Vec<_> = broken(text, WIDTH - MARGIN).iter().map(|line| paint(line)).collect();
        let who = self.strong(&format!("{who:<10}"));
        let mark = paint(&mark.to_string());
        format!("   {time:5}  {who}{mark} {}", lines.join(&format!("\n{:MARGIN$}", "")))
    }
}

/// Does not break: keeps a date on one line.
const JOINT: char = '\u{a0}';

/// At spaces, into lines of so many characters at the most, unless a word is longer.
fn broken(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let word = &word.replace(JOINT, " ");
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.clone()),
        }
    }
    lines
}

/// "Mon 9 Nov 2026"
pub fn long_day(day: Date) -> String {
    day.strftime("%a %-d %b %Y").to_string()
}

/// "Mon 9 Nov" of an ISO 8601 day; other texts stay.
pub fn iso_day(text: &str) -> String {
    let short = |day: Date| day.strftime("%a %-d %b").to_string().replace(' ', &JOINT.to_string());
    text.parse().map_or_else(|_| text.to_owned(), short)
}

/// "Mon 9 Nov 22:00"
pub fn short_time(at: Timestamp) -> String {
    let at = at.to_zoned(calendar::warsaw()).strftime("%a %-d %b %H:%M").to_string();
    at.replace(' ', &JOINT.to_string())
}

/// "Mon 9 Nov 22:00 – Tue 10 Nov 06:00"
pub fn window(start: Timestamp, end: Timestamp) -> String {
    format!("{} – {}", short_time(start), short_time(end))
}

/// "22:00"
pub fn clock_time(at: Timestamp) -> String {
    at.to_zoned(calendar::warsaw()).strftime("%H:%M").to_string()
}

/// "STAGE_AUDIT_1" and "audit_failed" as a person writes them.
pub fn plain(name: &str) -> String {
    let name = ["STAGE_", "DATE_KIND_", "LICENCE_KIND_", "LICENCE_METRIC_"]
        .into_iter()
        .find_map(|p| name.strip_prefix(p))
        .unwrap_or(name);
    name.to_lowercase().replace('_', " ")
}

/// "a, b and c"
pub fn all_of(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_local_time() {
        let at = client::at("2027-03-28 03:30");
        let plain_spaces = |text: String| text.replace(JOINT, " ");
        assert_eq!(plain_spaces(short_time(at)), "Sun 28 Mar 03:30");
        assert_eq!(clock_time(at), "03:30");
        assert_eq!(plain_spaces(iso_day("2026-11-09")), "Mon 9 Nov");
        assert_eq!(iso_day("runtime"), "runtime");
        assert_eq!(plain("STAGE_AUDIT_1"), "audit 1");
    }

    #[test]
    fn colour_is_for_terminals() {
        assert_eq!(Paint::new(false).bad("no"), "no");
        assert_eq!(Paint::new(true).bad("no"), "\x1b[31mno\x1b[0m");
    }

    #[test]
    fn names_are_listed_as_one_says_them() {
        let names = ["a", "b", "c"].map(str::to_owned);
        assert_eq!([all_of(&names[..0]), all_of(&names[..1]), all_of(&names)], ["", "a", "a, b and c"]);
    }

    #[test]
    fn a_date_is_not_broken() {
        let text = format!("{} {}", "word ".repeat(14), iso_day("2026-11-09"));
        assert_eq!(broken(&text, 78).last().map(String::as_str), Some("Mon 9 Nov"));
    }

    #[test]
    fn a_long_text_goes_on_below_its_beginning() {
        let row = Paint::new(false).row("09:00", "SOFTVIG", ' ', &"word ".repeat(20), str::to_owned);
        let lines: Vec<_> = row.lines().collect();
        assert!(lines[0].starts_with("   09:00  SOFTVIG     word word"), "{row}");
        assert!(lines[1].starts_with("                      word"), "{row}");
        assert!(lines.iter().all(|line| line.chars().count() <= WIDTH), "{row}");
    }
}
