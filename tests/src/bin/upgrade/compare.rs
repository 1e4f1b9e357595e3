//! What of a schema an older build could stumble over.

use std::collections::BTreeSet;

use crate::schema::{Schema, Table};

/// What a build made for `before` could not live with in `after`. Indexes that are not unique may come and go.
pub fn broken(before: &Schema, after: &Schema) -> Vec<String> {
    let mut broken = Vec::new();
    for (name, table) in &before.tables {
        let Some(now) = after.tables.get(name) else {
            broken.push(format!("table {name} is gone"));
            continue;
        };
        for (column, was) in &table.columns {
            match now.columns.get(column) {
                None => broken.push(format!("{name}.{column} is gone")),
                Some(is) if is != was => broken.push(format!("{name}.{column} was `{was}` and is `{is}`")),
                Some(_) => {}
            }
        }
        for (column, is) in now.columns.iter().filter(|(column, _)| !table.columns.contains_key(*column)) {
            if is.not_null && is.default.is_none() {
                broken.push(format!("{name}.{column} is new, not null and without a default"));
            }
        }
        broken.extend(table.rules.difference(&now.rules).map(|rule| format!("{name}: `{rule}` is gone")));
        let new = now.rules.difference(&table.rules).filter(|rule| !is_kept_by_leaving_out(rule, table, now));
        broken.extend(new.map(|rule| format!("{name}: `{rule}` is new")));
    }
    for (name, table) in after.tables.iter().filter(|(name, _)| !before.tables.contains_key(*name)) {
        let foreign = table.rules.iter().filter(|rule| rule.to_lowercase().starts_with("foreign key"));
        for rule in foreign.filter(|rule| before.tables.keys().any(|old| mentions(rule, old))) {
            broken.push(format!("{name}: `{rule}` holds rows that an older build deletes"));
        }
    }
    broken
}

/// A unique rule over a new column that is null wherever a statement leaves it out.
fn is_kept_by_leaving_out(rule: &str, before: &Table, after: &Table) -> bool {
    let lower = rule.to_lowercase();
    let is_null = |name: &str| {
        let is_new = !before.columns.contains_key(name);
        after.columns.get(name).is_some_and(|c| is_new && !c.not_null && c.default.is_none())
    };
    lower.starts_with("unique")
        && !lower.contains("nulls not distinct")
        && after.columns.keys().any(|name| is_null(name) && mentions(rule, name))
}

fn mentions(rule: &str, name: &str) -> bool {
    rule.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name)
}

/// What one has and the other has not; the order of columns is nobody's business.
pub fn differences(brought_up: &Schema, afresh: &Schema) -> Vec<String> {
    let [one, other] = [brought_up, afresh].map(parts);
    let only_one = one.difference(&other).map(|part| format!("only where it was brought up: {part}"));
    let only_other = other.difference(&one).map(|part| format!("only where it was made afresh: {part}"));
    only_one.chain(only_other).collect()
}

fn parts(schema: &Schema) -> BTreeSet<String> {
    let mut parts = BTreeSet::from([
        format!("compatibility number {}", schema.compatibility),
        format!("{} changes", schema.changes),
    ]);
    for (name, table) in &schema.tables {
        parts.insert(format!("table {name}"));
        parts.extend(table.columns.iter().map(|(column, is)| format!("{name}.{column} `{is}`")));
        parts.extend(table.rules.iter().chain(&table.indexes).map(|rule| format!("{name}: `{rule}`")));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Column;

    fn column(kind: &str, not_null: bool, default: Option<&str>) -> Column {
        Column { kind: kind.to_owned(), not_null, default: default.map(str::to_owned) }
    }

    fn lane() -> Schema {
        let columns = [
            ("lane".to_owned(), column("text", true, None)),
            ("seq".to_owned(), column("bigint", true, Some("0"))),
            ("trace".to_owned(), column("text", false, None)),
        ];
        let rules = ["PRIMARY KEY (lane)".to_owned()].into();
        let table = Table { columns: columns.into(), rules, indexes: ["index lane_seq".to_owned()].into() };
        Schema { tables: [("lane".to_owned(), table)].into(), compatibility: 1, changes: 1 }
    }

    /// What is found after this change.
    fn after(change: impl FnOnce(&mut Table)) -> Vec<String> {
        let mut schema = lane();
        change(schema.tables.get_mut("lane").expect("the table"));
        broken(&lane(), &schema)
    }

    #[test]
    fn what_only_adds_breaks_nothing() {
        let found = after(|table| {
            table.columns.insert("epoch".to_owned(), column("bigint", true, Some("0")));
            table.columns.insert("note".to_owned(), column("text", false, None));
            table.rules.insert("UNIQUE (note, lane)".to_owned());
            table.indexes = BTreeSet::new();
        });
        assert_eq!(found, [""; 0]);
        let mut schema = lane();
        schema.tables.insert("new".to_owned(), Table::default());
        assert_eq!(broken(&lane(), &schema), [""; 0]);
    }

    #[test]
    fn what_is_gone_or_changed_is_found() {
        assert_eq!(broken(&lane(), &Schema::default()), ["table lane is gone"]);
        assert_eq!(after(|t| drop(t.columns.remove("trace"))), ["lane.trace is gone"]);
        assert_eq!(after(|t| t.rules.clear()), ["lane: `PRIMARY KEY (lane)` is gone"]);
        for (name, is, found) in [
            ("lane", column("uuid", true, None), "lane.lane was `text not null` and is `uuid not null`"),
            ("lane", column("text", false, None), "lane.lane was `text not null` and is `text`"),
            ("trace", column("text", true, None), "lane.trace was `text` and is `text not null`"),
            (
                "seq",
                column("bigint", true, None),
                "lane.seq was `bigint not null default 0` and is `bigint not null`",
            ),
        ] {
            assert_eq!(after(|t| drop(t.columns.insert(name.to_owned(), is))), [found]);
        }
    }

    #[test]
    fn what_older_statements_break_is_found() {
        let found = after(|t| drop(t.columns.insert("epoch".to_owned(), column("bigint", true, None))));
        assert_eq!(found, ["lane.epoch is new, not null and without a default"]);
        for rule in [
            "UNIQUE (trace)",
            "CHECK ((seq > 0))",
            "FOREIGN KEY (trace) REFERENCES trace(id)",
            "trigger before insert",
        ] {
            let found = after(|table| table.rules.extend([rule.to_owned()]));
            assert_eq!(found, [format!("lane: `{rule}` is new")]);
        }
        let found = after(|table| {
            table.columns.insert("epoch".to_owned(), column("bigint", true, Some("0")));
            table.columns.insert("note".to_owned(), column("text", false, None));
            table.rules.insert("UNIQUE (epoch)".to_owned());
            table.rules.insert("UNIQUE NULLS NOT DISTINCT (note)".to_owned());
        });
        assert_eq!(
            found,
            ["lane: `UNIQUE (epoch)` is new", "lane: `UNIQUE NULLS NOT DISTINCT (note)` is new"]
        );
        let mut schema = lane();
        let rules = ["FOREIGN KEY (lane) REFERENCES lane(lane)".to_owned()].into();
        schema.tables.insert("new".to_owned(), Table { rules, ..Table::default() });
        assert_eq!(
            broken(&lane(), &schema),
            ["new: `FOREIGN KEY (lane) REFERENCES lane(lane)` holds rows that an older build deletes"]
        );
    }

    #[test]
    fn two_ways_to_one_schema_are_told_apart_by_anything_but_order() {
        assert_eq!(differences(&lane(), &lane()), [""; 0]);
        let mut schema = Schema { compatibility: 2, ..lane() };
        schema.tables.get_mut("lane").expect("the table").indexes = BTreeSet::new();
        assert_eq!(
            differences(&lane(), &schema),
            [
                "only where it was brought up: compatibility number 1",
                "only where it was brought up: lane: `index lane_seq`",
                "only where it was made afresh: compatibility number 2",
            ]
        );
    }
}
