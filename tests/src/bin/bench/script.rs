//! A command's statements as a script for pgbench.

use std::{collections::BTreeMap, fmt::Write as _};

use crate::{
    bulk::is_id,
    capture::Caused,
    log::{Statement, Transaction},
};

/// Longer values are given to pgbench beside the script, as parameters like those of the services.
const LONG: usize = 100;
/// Where what the command itself does ends.
pub const CONSEQUENCES: &str = "-- What it causes.";
/// How a document is read.
const READ: &str = "select id, company, version, cast(body as text) as body from ";
/// Fresh ids that one run of the script may need.
const FRESH: usize = 256;

/// The script, and the values that are too long for it, by name.
pub struct Script {
    pub sql: String,
    pub values: BTreeMap<String, String>,
}

/// Ids that are there before the command, by their names in the script.
pub type Known = BTreeMap<String, String>;

struct Writer<'a> {
    known: &'a Known,
    tables: &'a BTreeMap<String, Vec<String>>,
    fresh: BTreeMap<String, usize>,
    values: BTreeMap<String, String>,
    body: String,
}

/// `tables`: by database.
pub fn write(caused: &Caused, known: &Known, tables: &BTreeMap<String, Vec<String>>) -> Script {
    let mut writer =
        Writer { known, tables, fresh: BTreeMap::new(), values: BTreeMap::new(), body: String::new() };
    let own = caused.own();
    for (at, transaction) in caused.transactions.iter().enumerate() {
        writer.transaction(transaction);
        if at == own {
            writer.line(CONSEQUENCES);
        }
    }
    let mut sql = format!(
        "-- All statements that {} causes, as pgbench runs them: made by `tests/bench --write-script`.\n\
         -- Each client works on companies of its own; one statement is added, which makes the ids.\n\
         -- statements: {}, transactions: {}\n\
         \\set i :i + 1\n\
         \\set id (:client_id + 1) * 1000000000000 + :i * {FRESH}\n\
         \\set n :client_id * :companies + random(1, :companies)\n",
        caused.method,
        caused.statements(),
        caused.transactions.len()
    );
    let mut ids: Vec<String> = known
        .keys()
        .map(|name| format!("  :{name}_kept || lpad(to_hex(:n::bigint), 8, '0') as {name}"))
        .collect();
    ids.extend(
        (0..writer.fresh.len()).map(|n| format!("  lpad(to_hex(:id::bigint + {n}), 32, '0') as fresh{n}")),
    );
    let _ = writeln!(sql, "select\n{}\n\\gset", ids.join(",\n"));
    Script { sql: sql + &writer.body, values: writer.values }
}

impl Writer<'_> {
    fn line(&mut self, line: &str) {
        self.body += line;
        self.body.push('\n');
    }

    fn transaction(&mut self, transaction: &Transaction) {
        let database = &transaction.database;
        self.line(&format!("-- {database}"));
        let all = &transaction.statements;
        for (at, statement) in all.iter().enumerate() {
            let read_to_change = document(&statement.text, READ).is_some_and(|table| {
                all[at..].iter().any(|later| document(&later.text, "update ") == Some(table))
            });
            if kind(&statement.text) == Kind::Save {
                let table = document(&statement.text, "update ");
                let is_read = |earlier: &Statement| document(&earlier.text, READ) == table;
                assert!(all[..at].iter().any(is_read), "changed and not read: {}", statement.text);
            }
            let text = self.with_schema(database, &statement.text);
            let text = self.with_values(database, all, at, &text, &statement.values);
            self.line(&text);
            self.line(&match kind(&statement.text) {
                Kind::Lane => format!("\\gset {database}_lane_"),
                Kind::Cursor => format!("\\gset {database}_cursor_{}_", source(statement)),
                Kind::Head => format!("\\gset {database}_head_"),
                _ if read_to_change => format!("\\gset {database}_document_"),
                _ => ";".to_owned(),
            });
        }
    }

    fn with_schema(&self, database: &str, text: &str) -> String {
        let mut text = format!("{text} ");
        for table in self.tables.get(database).into_iter().flatten() {
            for word in ["from", "into", "update", "join"] {
                for end in [" ", ")"] {
                    text = text
                        .replace(&format!("{word} {table}{end}"), &format!("{word} {database}.{table}{end}"));
                }
            }
        }
        // `do update set` and `for update` name no table; who is alone takes its own rows and mails. pgbench's
        // parameters have no types, which columns of `values` take from them.
        let types: &[&str] = if text.starts_with("insert into ") {
            &[
                "uuid",
                "text",
                "uuid",
                "uuid",
                "text",
                "text",
                "text",
                "text",
                "text",
                "timestamptz",
                "timestamptz",
                "boolean",
                "jsonb",
            ]
        } else {
            &["uuid", "bigint", "text", "timestamptz", "timestamptz", "jsonb"]
        };
        // The last first: `column1` is the beginning of `column10`.
        let typed = types.iter().enumerate().rev().fold(text, |text, (at, is)| {
            let column = format!("new.column{}", at + 1);
            text.replace(&format!("{column},"), &format!("{column}::{is},"))
                .replace(&format!("{column} "), &format!("{column}::{is} "))
        });
        typed
            .trim_end()
            .replace(
                "where position is null order by lane, seq limit",
                "where position is null and lane = :company order by lane, seq limit",
            )
            .replace(
                "and due_at <= $1 and (message.id",
                "and due_at <= $1 and company = :company and (message.id",
            )
    }

    fn with_values(
        &mut self,
        database: &str,
        all: &[Statement],
        at: usize,
        text: &str,
        values: &[Option<String>],
    ) -> String {
        let mut written = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            let digits = after.bytes().take_while(u8::is_ascii_digit).count();
            written += before;
            match after[..digits].parse::<usize>() {
                Ok(number) => {
                    let value = values.get(number - 1).cloned().flatten();
                    let counted = self.counted(database, all, at, number);
                    written += &counted.unwrap_or_else(|| self.value(value));
                }
                Err(_) => written.push('$'),
            }
            rest = &after[digits..];
        }
        written + rest
    }

    /// A parameter that goes on from what was read before.
    fn counted(&self, database: &str, all: &[Statement], at: usize, number: usize) -> Option<String> {
        let statement = &all[at];
        let own = |number: usize| statement.values.get(number - 1).cloned().flatten();
        let plus = |variable: &str, first: i64| {
            let by = own(number).and_then(|value| value.parse::<i64>().ok()).unwrap_or(first) - first;
            Some(format!(":{database}_{variable}::bigint + {by}"))
        };
        // As it was when the command came: what the first statement that uses it was given.
        let first_of = |kinds: &[Kind], number: usize| {
            let user = all.iter().find(|statement| kinds.contains(&kind(&statement.text)))?;
            user.values.get(number - 1)?.as_ref()?.parse::<i64>().ok()
        };
        let cursor = format!("cursor_{}_seq", source(statement));
        match (kind(&statement.text), number) {
            (Kind::Outbox, _) if number % 9 == 4 => plus("lane_seq", first_of(&[Kind::Outbox], 4)?),
            (Kind::LaneDone, 1) => plus("lane_seq", first_of(&[Kind::Outbox], 4)?),
            (Kind::Positions, 1) => plus("head_next_position", own(1)?.parse().ok()?),
            (Kind::HeadDone, 1) => plus("head_next_position", first_of(&[Kind::Positions], 1)?),
            (Kind::CursorDone, 2) | (Kind::InboxDone, 4) => Some(format!(":{database}_{cursor}::bigint + 1")),
            (Kind::PassedOver, 1) => Some("cursor.seq + 1".to_owned()),
            (Kind::PassedOver, 4) => Some("cursor.seq".to_owned()),
            (Kind::Save, 5) => Some(format!(":{database}_document_version")),
            _ => None,
        }
    }

    fn value(&mut self, value: Option<String>) -> String {
        let Some(value) = value else { return "null".to_owned() };
        if let Some((name, _)) = self.known.iter().find(|(_, id)| **id == value) {
            return format!(":{name}");
        }
        // Ids, and the hash that makes a request the only one, are new each time.
        let is_hash = value.len() == 64 && value.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_id(&value) || is_hash {
            let next = self.fresh.len();
            let number = *self.fresh.entry(value).or_insert(next);
            return if is_hash { format!("repeat(:fresh{number}, 2)") } else { format!(":fresh{number}") };
        }
        if value.contains(',') && value.split(',').all(is_id) {
            let ids: Vec<_> = value.split(',').map(|id| self.value(Some(id.to_owned())) + "::text").collect();
            return format!("({})", ids.join(" || ',' || "));
        }
        if is_machine_time(&value) {
            return "now()".to_owned();
        }
        if value.len() > LONG {
            let same = self.values.iter().find(|(_, known)| **known == value).map(|(name, _)| name.clone());
            let name = same.unwrap_or_else(|| format!("value{}", self.values.len()));
            self.values.insert(name.clone(), value);
            return format!(":{name}");
        }
        // pgbench takes a colon for a variable, wherever it is.
        format!("E'{}'", value.replace('\\', "\\\\").replace('\'', "''").replace(':', "\\x3a"))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Lane,
    LaneDone,
    Outbox,
    Head,
    Positions,
    HeadDone,
    Cursor,
    CursorDone,
    PassedOver,
    InboxDone,
    Save,
    Other,
}

fn kind(text: &str) -> Kind {
    const KINDS: [(&str, Kind); 10] = [
        ("update cursor set seq = $1 where source = $2 and lane = $3", Kind::PassedOver),
        ("insert into lane ", Kind::Lane),
        ("update lane set next_seq = $1", Kind::LaneDone),
        ("insert into outbox ", Kind::Outbox),
        ("update head set next_position = next_position", Kind::Head),
        ("update outbox set position = ", Kind::Positions),
        ("update head set next_position = $1", Kind::HeadDone),
        ("insert into cursor ", Kind::Cursor),
        ("update cursor set epoch = $1, seq = $2", Kind::CursorDone),
        ("delete from inbox ", Kind::InboxDone),
    ];
    if let Some((_, kind)) = KINDS.iter().find(|(start, _)| text.starts_with(start)) {
        return *kind;
    }
    let is_save = text.starts_with("update ") && text.ends_with("where id = $4 and version = $5");
    // A message that was just added is at its first version.
    if is_save && !text.starts_with("update message ") { Kind::Save } else { Kind::Other }
}

/// `2026-11-09 08:00:00.123456+00`: business time has no fraction here.
fn is_machine_time(value: &str) -> bool {
    let is_instant = value.len() > 20 && value.ends_with("+00") && value.as_bytes()[10] == b' ';
    is_instant && value.as_bytes()[19] == b'.'
}

/// The service whose lane a cursor is on.
fn source(statement: &Statement) -> String {
    let at = if kind(&statement.text) == Kind::CursorDone { 2 } else { 0 };
    statement.values.get(at).cloned().flatten().unwrap_or_default()
}

/// The table of a document that a statement reads or changes.
fn document<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    text.strip_prefix(start)?.split(' ').next()
}
