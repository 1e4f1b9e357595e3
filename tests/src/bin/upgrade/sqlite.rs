//! SQLite's catalogue.

use platform::db::{Db, query_all};
use sea_orm::QueryResult;

use crate::schema::{Column, Table, Tables};

const TABLES: &str = "select name, sql from sqlite_master where type in ('table', 'view') and name not like 'sqlite~_%' escape '~'";
/// `hidden` is above 1 where a column is generated.
const COLUMNS: &str = "select name, type as kind, cast(\"notnull\" as integer) as not_null, \
    coalesce(dflt_value, case when hidden > 1 then 'generated' end) as given from pragma_table_xinfo($1)";
const KEY: &str = "select group_concat(name, ', ') as columns from (select name from pragma_table_info($1) where pk > 0 order by pk)";
/// Primary keys have their own query; an index made by a statement has that statement.
const INDEXES: &str = "select cast(l.\"unique\" as integer) as is_unique, m.sql as made_by, \
    (select group_concat(name, ', ') from (select name from pragma_index_info(l.name) order by seqno)) as columns \
    from pragma_index_list($1) l left join sqlite_master m on m.type = 'index' and m.name = l.name where l.origin <> 'pk'";
const FOREIGN: &str = "select 'foreign key (' || group_concat(\"from\", ', ') || ') references ' || \"table\" || ' (' \
    || coalesce(group_concat(\"to\", ', '), '') || ') on update ' || on_update || ' on delete ' || on_delete as rule \
    from pragma_foreign_key_list($1) group by id";
const TRIGGERS: &str = "select sql as rule from sqlite_master where type = 'trigger' and tbl_name = $1";

/// All tables of a file.
///
/// # Errors
/// Those of the database.
pub async fn tables(db: &Db) -> anyhow::Result<Tables> {
    let mut tables = Tables::new();
    for row in query_all(db.read(), TABLES, vec![]).await? {
        let (name, sql): (String, String) = (row.try_get("", "name")?, row.try_get("", "sql")?);
        tables.insert(name.clone(), table(db, &name, &sql).await?);
    }
    Ok(tables)
}

async fn table(db: &Db, name: &str, sql: &str) -> anyhow::Result<Table> {
    let ask = async |sql: &str| -> anyhow::Result<Vec<QueryResult>> {
        Ok(query_all(db.read(), sql, vec![name.into()]).await?)
    };
    let mut table = Table { rules: checks(sql).collect(), ..Table::default() };
    for row in ask(COLUMNS).await? {
        let not_null = row.try_get::<i64>("", "not_null")? != 0;
        let column = Column { kind: row.try_get("", "kind")?, not_null, default: row.try_get("", "given")? };
        table.columns.insert(row.try_get("", "name")?, column);
    }
    for row in ask(KEY).await? {
        if let Some(columns) = row.try_get::<Option<String>>("", "columns")? {
            table.rules.insert(format!("primary key ({columns})"));
        }
    }
    for row in ask(INDEXES).await? {
        let made_by: Option<String> = row.try_get("", "made_by")?;
        let columns: Option<String> = row.try_get("", "columns")?;
        if row.try_get::<i64>("", "is_unique")? == 0 {
            table.indexes.extend(made_by);
            continue;
        }
        // With its expressions and its condition, without its name.
        let rest = made_by.as_deref().and_then(|sql| Some(sql.split_once('(')?.1));
        table.rules.insert(match rest {
            Some(rest) => format!("unique ({rest}"),
            None => format!("unique ({})", columns.unwrap_or_default()),
        });
    }
    for sql in [FOREIGN, TRIGGERS] {
        for row in ask(sql).await? {
            table.rules.insert(row.try_get("", "rule")?);
        }
    }
    Ok(table)
}

/// What a table's statement checks; no other place has it.
fn checks(sql: &str) -> impl Iterator<Item = String> {
    let starts = sql.to_ascii_lowercase();
    let starts: Vec<_> = starts.match_indices("check").map(|(at, _)| at + "check".len()).collect();
    starts.into_iter().filter_map(move |start| {
        let rest = sql[start..].trim_start();
        let mut depth = 0;
        let end = rest.char_indices().find_map(|(at, c)| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            (depth == 0).then_some(at)
        })?;
        rest.starts_with('(').then(|| format!("check {}", &rest[..=end]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_found_with_what_they_hold() {
        let sql = "CREATE TABLE t (checked text, n integer CHECK (n > (1 + 2)), check(\"n\" in (1, 2)))";
        let found: Vec<_> = checks(sql).collect();
        assert_eq!(found, ["check (n > (1 + 2))", "check (\"n\" in (1, 2))"]);
    }
}
