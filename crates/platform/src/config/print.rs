//! `config print`: what is in force, without secrets.

use toml::{Table, Value};

use super::load::{Loaded, is_secret};

/// A shorter one would blot out words that are no secrets, and is none.
const LEAST_SECRET: usize = 8;

impl Loaded {
    /// A text without the secrets of these settings, should one be in it.
    pub fn without_secrets(&self, text: &str) -> String {
        let mut secrets = Vec::new();
        collect(&self.resolved, &mut Vec::new(), &mut secrets);
        // The whole of an address first, then the password in it.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "***"))
    }

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

fn collect(table: &Table, path: &mut Vec<String>, secrets: &mut Vec<String>) {
    for (key, value) in table {
        path.push(key.clone());
        match value {
            Value::Table(inner) => collect(inner, path, secrets),
            Value::String(text) if is_secret(path) => {
                let authority = text.split_once("://").and_then(|(_, rest)| rest.rsplit_once('@'));
                let password =
                    authority.and_then(|(user, _)| user.split_once(':')).map(|(_, password)| password);
                let found = [Some(text.as_str()), password].into_iter().flatten();
                secrets.extend(found.filter(|secret| secret.len() >= LEAST_SECRET).map(str::to_owned));
            }
            _ => {}
        }
        path.pop();
    }
}
