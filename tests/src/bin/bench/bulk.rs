//! Copies of what commands wrote about one company, made by SQL in any number.
//!
//! A copy is the same rows with other ids: the last eight digits of each become the copy's number.

use anyhow::Context as _;
use platform::db::{Db, execute, query_all, query_one};

/// Where a copy's number goes: as text, and as text inside bytes that are written as hexadecimal digits.
const NUMBER: &str = "\u{1}";
const NUMBER_IN_BYTES: &str = "\u{2}";
/// Of an id, the digits that stay: `0192aaaa-bbbb-7ccc-8ddd-eeee`.
pub const KEPT: usize = 28;
const ID: usize = 36;
/// One row for the whole database, or rows of no company.
const NOT_COPIED: [&str; 3] = ["head", "seaql_migrations", "holidays_checked"];

/// All rows of one service's database, of one company alone.
pub struct Template(Vec<Table>);

struct Table {
    name: String,
    columns: Vec<String>,
    rows: usize,
    /// A JSON array of rows, with marks for the number.
    json: String,
}

impl Template {
    /// # Errors
    /// The database is away.
    pub async fn read(db: &Db) -> anyhow::Result<Self> {
        let names = "select tablename from pg_tables where schemaname = current_schema() order by 1";
        let mut tables = Vec::new();
        for row in query_all(db.read(), names, vec![]).await? {
            let name: String = row.try_get("", "tablename")?;
            if NOT_COPIED.contains(&name.as_str()) {
                continue;
            }
            let columns = "select column_name::text from information_schema.columns \
                           where table_schema = current_schema() and table_name = $1 order by ordinal_position";
            let columns = query_all(db.read(), columns, vec![name.clone().into()]).await?;
            let columns = columns.iter().map(|row| row.try_get("", "column_name"));
            let key = if name == "request" { "left(key, 56) || '\u{1}'" } else { "''" };
            let rows = format!(
                "select count(*) as n, \
                 coalesce(json_agg(to_jsonb(t) || case when {key} = '' then '{{}}'::jsonb \
                 else jsonb_build_object('key', {key}) end), '[]')::text as rows from {name} t"
            );
            let row = query_one(db.read(), &rows, vec![]).await?.context("a row")?;
            tables.push(Table {
                columns: columns.collect::<Result<_, _>>()?,
                rows: usize::try_from(row.try_get::<i64>("", "n")?)?,
                json: marked(&row.try_get::<String>("", "rows")?.replace("\\u0001", NUMBER)),
                name,
            });
        }
        Ok(Self(tables))
    }

    /// Writes the copies with these numbers into a database with the same tables.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn copy(&self, db: &Db, from: i64, to: i64) -> anyhow::Result<()> {
        let tx = db.begin().await?;
        for Table { name, columns, rows, json } in &self.0 {
            let value = |column: &String| match column.as_str() {
                // Rises through the whole database.
                "position" => format!("r.position + n.n * {rows}"),
                _ => format!("r.{column}"),
            };
            let sql = format!(
                "insert into {name} ({}) select {} from generate_series($1::bigint, $2::bigint) as n(n) \
                 cross join lateral (select lpad(to_hex(n.n), 8, '0') as digits) as d \
                 cross join lateral json_populate_recordset(null::{name}, replace(replace($3, '{NUMBER}', d.digits), \
                 '{NUMBER_IN_BYTES}', encode(convert_to(d.digits, 'UTF8'), 'hex'))::json) as r on conflict do nothing",
                columns.join(", "),
                columns.iter().map(value).collect::<Vec<_>>().join(", "),
            );
            // A copy takes longer than any statement of a service may.
            execute(&tx, "set local statement_timeout = 0", vec![]).await?;
            let values = vec![from.into(), to.into(), json.as_str().into()];
            execute(&tx, &sql, values).await.with_context(|| name.clone())?;
        }
        let positions = "update head set next_position = \
                         greatest(next_position, (select coalesce(max(position), 0) + 1 from outbox))";
        execute(&tx, positions, vec![]).await?;
        Ok(tx.commit().await?)
    }
}

/// Puts the mark where an id's last digits are.
fn marked(json: &str) -> String {
    with_ids(
        json,
        |id| format!("{}{NUMBER}", &id[..KEPT]),
        |hex| format!("{}{NUMBER_IN_BYTES}", &hex[..2 * KEPT]),
    )
}

/// Replaces each id, as text and inside bytes.
fn with_ids(json: &str, text: impl Fn(&str) -> String, bytes: impl Fn(&str) -> String) -> String {
    let mut replaced = String::with_capacity(json.len());
    let mut rest = json;
    while !rest.is_empty() {
        let step = if let Some(id) = rest.get(..ID).filter(|id| is_id(id)) {
            replaced += &text(id);
            ID
        } else if let Some(hex) = rest.get(..2 * ID).filter(|hex| from_hex(hex).is_some_and(|id| is_id(&id)))
        {
            replaced += &bytes(hex);
            2 * ID
        } else {
            let next = rest.chars().next().map_or(1, char::len_utf8);
            replaced += &rest[..next];
            next
        };
        rest = &rest[step..];
    }
    replaced
}

/// A UUID of version 7, as all our ids are.
pub fn is_id(text: &str) -> bool {
    text.len() == ID
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            14 => byte == b'7',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}

fn from_hex(hex: &str) -> Option<String> {
    // Most texts fail here.
    if !hex.starts_with(['3', '6']) {
        return None;
    }
    let byte = |at: usize| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
    let bytes = (0..hex.len()).step_by(2).map(byte).collect::<Option<Vec<_>>>()?;
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use journeys::{Installation, Layout, Service};
    use story::{Dealership, Facts};

    use super::*;
    use crate::place::NOW;

    #[test]
    fn ids_are_marked_as_text_and_inside_bytes() {
        let id = "0192aaaa-bbbb-7ccc-8ddd-eeee12345678";
        let hex: String = id.bytes().map(|byte| format!("{byte:02x}")).collect();
        let json = format!("[{{\"a\":\"companies/{id}/x\",\"b\":\"\\\\x0a24{hex}00\",\"c\":\"ż\"}}]");
        let kept = &id[..KEPT];
        let expected = format!(
            "[{{\"a\":\"companies/{kept}{NUMBER}/x\",\"b\":\"\\\\x0a24{}{NUMBER_IN_BYTES}00\",\"c\":\"ż\"}}]",
            &hex[..2 * KEPT]
        );
        assert_eq!(marked(&json), expected);
    }

    /// A copy of one company, and another company that did the same by commands.
    #[tokio::test]
    async fn copies_are_what_commands_write() {
        let installation = Installation::start(Layout::Spread, NOW).await;
        let world = installation.world();
        let first = Dealership::open(&world, &Facts::AUTODOM).await.expect("opened");
        world.settled().await.expect("at rest");
        let mut databases = Vec::new();
        for service in Service::ALL {
            let db = installation.database(service).await;
            let template = Template::read(&db).await.expect("a template");
            databases.push((service, template, db));
        }
        let second = Dealership::open(&world, &Facts::AUTODOM).await.expect("opened");
        world.settled().await.expect("at rest");
        for (service, template, db) in databases {
            template.copy(&db, 7, 7).await.expect("copied");
            let of = |company: &str| company.rsplit('/').next().expect("an id").to_owned();
            let copy = format!("{}{:08x}", &of(&first.company)[..KEPT], 7);
            for table in template.0.iter().filter(|table| table.rows > 0) {
                let copied = rows_of(&db, &table.name, &copy).await;
                let written = rows_of(&db, &table.name, &of(&second.company)).await;
                assert!(!written.is_empty(), "{service:?} {}", table.name);
                assert_eq!(copied, written, "{service:?} {}", table.name);
            }
        }
    }

    /// The rows that name a company, without what differs between two of them: ids, hashes, machine time and the
    /// place in the whole database.
    async fn rows_of(db: &Db, table: &str, company: &str) -> Vec<String> {
        let hex: String = company.bytes().map(|byte| format!("{byte:02x}")).collect();
        let sql = format!(
            "select to_jsonb(t)::text as row from {table} t where strpos(to_jsonb(t)::text, $1) > 0 \
             or strpos(to_jsonb(t)::text, $2) > 0"
        );
        let rows = query_all(db.read(), &sql, vec![company.into(), hex.into()]).await.expect("rows");
        let texts = rows.iter().map(|row| row.try_get::<String>("", "row").expect("text"));
        let mut rows: Vec<String> = texts.map(|row| alike(&row)).collect();
        rows.sort();
        rows
    }

    fn alike(row: &str) -> String {
        let row = with_ids(row, |_| "id".to_owned(), |_| "id".to_owned());
        let mut value: serde_json::Value = serde_json::from_str(&row).expect("JSON");
        let fields = value.as_object_mut().expect("a row");
        for (key, field) in fields.iter_mut() {
            let differs = ["key", "payload_hash", "position"].contains(&key.as_str()) || key.ends_with("_at");
            if differs && !field.is_null() {
                *field = "differs".into();
            }
        }
        value.to_string()
    }
}
