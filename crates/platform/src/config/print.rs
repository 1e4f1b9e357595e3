//! `config print`: what is in force, without secrets.

use toml::{Table, Value};

use super::load::{Loaded, is_secret};

impl Loaded {
    /// Valid TOML; secrets are masked, those in files are named by their file.
    pub fn print(&self) -> String {
        let mut table = self.table.clone();
        mask(&mut table, &mut Vec::new());
        toml::to_string(&table).expect("a TOML table serialises")
    }
}

fn mask(table: &mut Table, path: &mut Vec<String>) {
    for (key, value) in table.iter_mut() {
        path.push(key.clone());
        match value {
            Value::Table(inner) => mask(inner, path),
            value if is_secret(path) => *value = Value::String("***".to_owned()),
            _ => {}
        }
        path.pop();
    }
}
