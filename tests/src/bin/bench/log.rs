//! What PostgreSQL logs of its statements.

use std::collections::BTreeMap;

/// Begins each entry: see the setting `log_line_prefix`.
const MARK: char = '\u{1e}';

/// One statement as it was executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    pub text: String,
    /// None where it is NULL.
    pub values: Vec<Option<String>>,
}

/// A transaction, or a statement without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    pub database: String,
    pub statements: Vec<Statement>,
}

impl Transaction {
    /// What it does, whatever the values.
    pub fn texts(&self) -> Vec<&str> {
        self.statements.iter().map(|statement| statement.text.as_str()).collect()
    }
}

/// Transactions in the order of their first statements. One that has not ended is left out.
pub fn read(log: &str) -> Vec<Transaction> {
    let mut open: BTreeMap<&str, usize> = BTreeMap::new();
    let mut all: Vec<(bool, Transaction)> = Vec::new();
    let mut last: Option<usize> = None;
    for entry in log.split(MARK).skip(1) {
        let mut parts = entry.splitn(3, '|');
        let (Some(process), Some(database), Some(said)) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        if let Some(values) = said.strip_prefix("DETAIL:  parameters: ") {
            if let Some(statement) = last.take().and_then(|at| all[at].1.statements.last_mut()) {
                statement.values = parameters(values);
            }
            continue;
        }
        last = None;
        let Some(text) = statement(said) else { continue };
        let word = text.split_whitespace().next().unwrap_or_default().to_lowercase();
        let statement = Statement { text, values: Vec::new() };
        let at = match open.get(process) {
            Some(at) => *at,
            None => {
                all.push((
                    word != "begin",
                    Transaction { database: database.to_owned(), statements: Vec::new() },
                ));
                all.len() - 1
            }
        };
        all[at].1.statements.push(statement);
        match word.as_str() {
            "begin" => drop(open.insert(process, at)),
            "commit" | "rollback" => {
                all[at].0 = true;
                open.remove(process);
            }
            _ => {}
        }
        last = Some(at);
    }
    all.into_iter().filter_map(|(ended, transaction)| ended.then_some(transaction)).collect()
}

/// `LOG:  execute sqlx_s_3: select …`, `LOG:  statement: BEGIN`; lines after the first begin with a tab.
fn statement(said: &str) -> Option<String> {
    let said = said.strip_prefix("LOG:  ")?;
    let (how, text) = said.split_once(": ")?;
    let is_statement = how == "statement" || how.starts_with("execute ");
    is_statement.then(|| text.trim_end().replace("\n\t", "\n"))
}

/// `$1 = 'it''s', $2 = NULL`
fn parameters(text: &str) -> Vec<Option<String>> {
    let text = text.trim_end().replace("\n\t", "\n");
    let mut rest = text.as_str();
    let mut values = Vec::new();
    while let Some((_, after)) = rest.split_once(" = ") {
        if let Some(quoted) = after.strip_prefix('\'') {
            let (value, end) = quoted_value(quoted);
            values.push(Some(value));
            rest = &quoted[end..];
        } else {
            values.push(None);
            rest = after.strip_prefix("NULL").unwrap_or_default();
        }
    }
    values
}

/// Up to the single quote that is not doubled, and where it ends.
fn quoted_value(quoted: &str) -> (String, usize) {
    let mut value = String::new();
    let mut chars = quoted.char_indices().peekable();
    while let Some((at, char)) = chars.next() {
        if char != '\'' {
            value.push(char);
        } else if chars.next_if(|(_, next)| *next == '\'').is_some() {
            value.push('\'');
        } else {
            return (value, at + 1);
        }
    }
    (value, quoted.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transactions_are_told_apart_by_their_processes() {
        let log = "\u{1e}7|audit|LOG:  statement: BEGIN\n\
                   \u{1e}8|audit|LOG:  execute s_1: select 1\n\
                   \u{1e}7|audit|LOG:  execute s_2: update t\n\tset a = $1, b = $2\n\
                   \u{1e}7|audit|DETAIL:  parameters: $1 = 'it''s = so', $2 = NULL\n\
                   \u{1e}9|audit|LOG:  statement: BEGIN\n\
                   \u{1e}7|audit|LOG:  statement: COMMIT\n";
        let all = read(log);
        let texts: Vec<_> = all.iter().map(Transaction::texts).collect();
        assert_eq!(texts, [vec!["BEGIN", "update t\nset a = $1, b = $2", "COMMIT"], vec!["select 1"]]);
        assert_eq!(all[0].statements[1].values, [Some("it's = so".to_owned()), None]);
    }
}
