//! Lines for a person to read: days, stages, what happened, who was told.

use jiff::{Timestamp, civil::Date};

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

    fn with(self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// "Mon 9 Nov 2026"
pub fn long_day(day: Date) -> String {
    day.strftime("%a %-d %b %Y").to_string()
}

/// The same of an ISO 8601 day; other texts stay.
pub fn iso_day(text: &str) -> String {
    text.parse().map_or_else(|_| text.to_owned(), long_day)
}

/// "Mon 9 Nov 2026 22:00"
pub fn long_time(at: Timestamp) -> String {
    at.to_zoned(calendar::warsaw()).strftime("%a %-d %b %Y %H:%M").to_string()
}

/// "22:00"
pub fn clock_time(at: Timestamp) -> String {
    at.to_zoned(calendar::warsaw()).strftime("%H:%M").to_string()
}

/// "STAGE_AUDIT_1" and "audit_failed" as a person writes them.
pub fn plain(name: &str) -> String {
    let name = ["STAGE_", "DATE_KIND_", "LICENCE_KIND_"]
        .into_iter()
        .find_map(|p| name.strip_prefix(p))
        .unwrap_or(name);
    name.to_lowercase().replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_local_time() {
        let at = client::at("2027-03-28 03:30");
        assert_eq!(long_time(at), "Sun 28 Mar 2027 03:30");
        assert_eq!((clock_time(at), iso_day("2026-11-09")), ("03:30".into(), "Mon 9 Nov 2026".into()));
        assert_eq!(plain("STAGE_AUDIT_1"), "audit 1");
    }

    #[test]
    fn colour_is_for_terminals() {
        assert_eq!(Paint::new(false).bad("no"), "no");
        assert_eq!(Paint::new(true).bad("no"), "\x1b[31mno\x1b[0m");
    }
}
