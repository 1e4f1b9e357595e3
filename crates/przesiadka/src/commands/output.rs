//! Tables for people, proto3's JSON for programs.

use std::io::{IsTerminal as _, stdout};

use clap::ValueEnum;
use pbjson_types::Timestamp;
use platform::clock;
use serde::Serialize;

use crate::cli::print;

/// The last column of a table keeps at least so many characters on a terminal.
const LEAST: usize = 12;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    #[default]
    Table,
    Json,
}

/// Rows below each other. What may be long is last: only that is cut on a terminal, and nothing is in a pipe.
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(head: &[&str]) -> Self {
        Self { rows: vec![head.iter().map(|title| title.to_uppercase()).collect()] }
    }

    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let on_one_line = |cell: String| cell.split_whitespace().collect::<Vec<_>>().join(" ");
        self.rows.push(cells.into_iter().map(on_one_line).collect());
    }

    /// # Errors
    /// Standard output cannot be written.
    pub fn print(&self) -> anyhow::Result<()> {
        if self.rows.len() == 1 {
            eprintln!("none");
            return Ok(());
        }
        print(&self.lines(terminal_width()).join("\n"))
    }

    fn lines(&self, width: Option<usize>) -> Vec<String> {
        let columns = self.rows[0].len();
        let widest =
            |column: usize| self.rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
        let widths: Vec<usize> = (0..columns).map(widest).collect();
        let before: usize = widths[..columns - 1].iter().map(|width| width + 2).sum();
        let last = width.map(|width| width.saturating_sub(before).max(LEAST));
        let line = |row: &Vec<String>| {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths).take(columns - 1) {
                line.push_str(&format!("{cell:<width$}  "));
            }
            line.push_str(&cut(&row[columns - 1], last));
            line.trim_end().to_owned()
        };
        self.rows.iter().map(line).collect()
    }
}

fn cut(text: &str, width: Option<usize>) -> String {
    match width {
        Some(width) if text.chars().count() > width => text.chars().take(width - 1).chain(['…']).collect(),
        _ => text.to_owned(),
    }
}

fn terminal_width() -> Option<usize> {
    let size = stdout().is_terminal().then(|| rustix::termios::tcgetwinsize(stdout()).ok()).flatten()?;
    (size.ws_col > 0).then_some(size.ws_col.into())
}

/// # Errors
/// Standard output cannot be written.
pub fn json(value: &impl Serialize) -> anyhow::Result<()> {
    // By way of a value, whose keys are in order.
    print(&format!("{:#}", serde_json::to_value(value)?))
}

/// An instant in Polish local time, to the second; nothing for none.
pub fn local(at: Option<&Timestamp>) -> String {
    let at = at.and_then(clock::from_wire);
    at.map(|at| at.to_zoned(calendar::warsaw()).strftime("%Y-%m-%d %H:%M:%S").to_string()).unwrap_or_default()
}

/// `MESSAGE_STATE_GIVEN_UP` as "given up".
pub fn word(name: &str, prefix: &str) -> String {
    name.trim_start_matches(prefix).to_lowercase().replace('_', " ")
}

/// The id at a resource name's end.
pub fn id(name: &str) -> String {
    name.rsplit('/').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_column_is_cut_on_a_terminal_and_never_in_a_pipe() {
        let mut table = Table::new(&["event", "error"]);
        table.row(["a.b.1".to_owned(), "cannot be\nread, żółć at its end".to_owned()]);
        assert_eq!(table.lines(None), ["EVENT  ERROR", "a.b.1  cannot be read, żółć at its end"]);
        assert_eq!(table.lines(Some(20)), ["EVENT  ERROR", "a.b.1  cannot be re…"]);
        assert_eq!(table.lines(Some(5))[1], "a.b.1  cannot be r…");
    }
}
