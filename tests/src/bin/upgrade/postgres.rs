//! PostgreSQL's catalogue.

use platform::db::{Db, query_all};

use crate::schema::{Column, Tables};

const COLUMNS: &str = "
select t.relname::text as table_name, c.attname::text as name, format_type(c.atttypid, c.atttypmod) as kind,
  c.attnotnull as not_null,
  case when c.attidentity <> '' then 'identity'
       when c.attgenerated <> '' then 'generated ' || pg_get_expr(d.adbin, d.adrelid)
       else pg_get_expr(d.adbin, d.adrelid) end as given
from pg_attribute c
join pg_class t on t.oid = c.attrelid
left join pg_attrdef d on d.adrelid = c.attrelid and d.adnum = c.attnum
where t.relnamespace = 'public'::regnamespace and t.relkind in ('r', 'p', 'v', 'm', 'f')
  and c.attnum > 0 and not c.attisdropped";

/// Unique indexes have the form of unique constraints; NOT NULL, which is one in newer versions, is the columns'.
const RULES: &str = "
select conrelid as relation, pg_get_constraintdef(oid) as words, true as is_rule
from pg_constraint where contype <> 'n'
union all
select indrelid, case when indisunique then substring(pg_get_indexdef(indexrelid) from 'UNIQUE INDEX') || ' '
    || substring(pg_get_indexdef(indexrelid) from ' USING (.*)') else pg_get_indexdef(indexrelid) end, indisunique
from pg_index where not exists (select from pg_constraint where conindid = indexrelid and contype in ('p', 'u', 'x'))
union all
select tgrelid, pg_get_triggerdef(oid), true
from pg_trigger where not tgisinternal";

/// All tables of a database.
///
/// # Errors
/// Those of the database.
pub async fn tables(db: &Db) -> anyhow::Result<Tables> {
    let mut tables = Tables::new();
    for row in query_all(db.read(), COLUMNS, vec![]).await? {
        let column = Column {
            kind: row.try_get("", "kind")?,
            not_null: row.try_get("", "not_null")?,
            default: row.try_get("", "given")?,
        };
        let table = tables.entry(row.try_get("", "table_name")?).or_default();
        table.columns.insert(row.try_get("", "name")?, column);
    }
    let rules = format!(
        "select t.relname::text as table_name, words, is_rule from ({RULES}) r join pg_class t on t.oid = relation \
         where t.relnamespace = 'public'::regnamespace and t.relkind in ('r', 'p', 'v', 'm', 'f')"
    );
    for row in query_all(db.read(), &rules, vec![]).await? {
        let table = tables.entry(row.try_get("", "table_name")?).or_default();
        let set = if row.try_get("", "is_rule")? { &mut table.rules } else { &mut table.indexes };
        set.insert(row.try_get("", "words")?);
    }
    Ok(tables)
}
