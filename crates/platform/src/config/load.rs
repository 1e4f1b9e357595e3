//! Three layers of TOML tables, laid over each other and then read as one.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use serde::de::DeserializeOwned;
use toml::{Table, Value};

use super::{Config, DEFAULTS, check};

/// Variables of ours start with this; two underscores stand for each dot.
const PREFIX: &str = "PRZESIADKA__";

/// Values that nobody may read in a log; each may be given as `<key>_file` instead. The urls of
/// databases hold passwords.
pub fn is_secret(path: &[String]) -> bool {
    match path {
        [.., last] if last == "password" || last == "secret_access_key" => true,
        [first, .., last] => first == "database" && last == "url",
        _ => false,
    }
}

/// The name of the variable that sets what lies at this path.
pub fn variable(path: &[String]) -> String {
    format!("{PREFIX}{}", path.join("__").to_uppercase())
}

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read {file}: {cause}")]
    Unreadable { file: String, cause: String },
    /// `layer` is where the value was found that does not fit.
    #[error("{layer}: {path}: {cause}")]
    Invalid { layer: String, path: String, cause: String },
    #[error("the settings do not go together:\n- {}", .0.join("\n- "))]
    Contradiction(Vec<String>),
}

/// Settings that were read and checked.
#[derive(Clone)]
pub struct Loaded {
    pub config: Config,
    /// With `…_file` as given: the print names the files and holds no secret of them.
    pub(super) table: Table,
    pub(super) resolved: Table,
    /// What it was made of.
    pub(super) file: Option<PathBuf>,
    pub(super) from_file: Table,
    pub(super) environment: Vec<(String, String)>,
}

impl fmt::Debug for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.print())
    }
}

impl Loaded {
    /// Defaults, then the file if one is named, then the variables that start with `PRZESIADKA__`.
    ///
    /// # Errors
    /// An unknown key or a value that does not fit, by its path; settings that do not go together.
    pub fn read(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut table: Table = DEFAULTS.parse().expect("the defaults are valid TOML");
        typed::<Config>(&table, "defaults")?;
        let from_file = file.map(read_file).transpose()?.unwrap_or_default();
        if let Some(file) = file {
            lay_over(&mut table, from_file.clone());
            typed::<Config>(&resolve_secrets(table.clone())?, &file.display().to_string())?;
        }
        let ours = environment.into_iter().filter(|(name, _)| name.starts_with(PREFIX));
        let environment: Vec<_> = ours.collect();
        for (name, text) in &environment {
            let path: Vec<_> = name[PREFIX.len()..].split("__").map(str::to_lowercase).collect();
            set(&mut table, &path, text.clone(), name)?;
        }
        let resolved = resolve_secrets(table.clone())?;
        let config: Config = typed(&resolved, "the environment")?;
        check::contradictions(&config)?;
        Ok(Self { config, table, resolved, file: file.map(Path::to_owned), from_file, environment })
    }

    /// A section that a service reads as its own type; an empty one if absent.
    ///
    /// # Errors
    /// As [`Loaded::read`].
    pub fn section<T: DeserializeOwned>(&self, name: &str) -> Result<T, ConfigError> {
        let section = self.resolved.get(name).cloned().unwrap_or_else(|| Value::Table(Table::new()));
        serde_path_to_error::deserialize(section).map_err(|e| ConfigError::Invalid {
            layer: name.to_owned(),
            path: e.path().to_string(),
            cause: e.inner().message().to_owned(),
        })
    }
}

fn read_file(file: &Path) -> Result<Table, ConfigError> {
    let unreadable = |cause: String| ConfigError::Unreadable { file: file.display().to_string(), cause };
    let text = fs::read_to_string(file).map_err(|e| unreadable(e.to_string()))?;
    text.parse().map_err(|e: toml::de::Error| {
        // Not with the line itself, which may hold a secret.
        let line = e.span().map_or(1, |span| 1 + text[..span.start].matches('\n').count());
        unreadable(format!("line {line}: {}", e.message()))
    })
}

fn typed<T: DeserializeOwned>(table: &Table, layer: &str) -> Result<T, ConfigError> {
    serde_path_to_error::deserialize(Value::Table(table.clone())).map_err(|e| ConfigError::Invalid {
        layer: layer.to_owned(),
        path: e.path().to_string(),
        cause: e.inner().message().to_owned(),
    })
}

/// Tables are merged key by key, anything else is replaced.
fn lay_over(under: &mut Table, over: Table) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(Value::Table(under)), Value::Table(over)) => lay_over(under, over),
            (_, value) => {
                under.insert(key, value);
            }
        }
    }
}

fn set(table: &mut Table, path: &[String], text: String, variable: &str) -> Result<(), ConfigError> {
    let invalid = |cause: &str| ConfigError::Invalid {
        layer: "the environment".to_owned(),
        path: variable.to_owned(),
        cause: cause.to_owned(),
    };
    let (last, sections) = path.split_last().expect("split yields at least one part");
    let mut table = table;
    for section in sections {
        let entry = table.entry(section.clone()).or_insert_with(|| Value::Table(Table::new()));
        table = entry.as_table_mut().ok_or_else(|| invalid("is not in a section"))?;
    }
    let value = match table.get(last) {
        _ if is_secret(path) => Value::String(text),
        Some(Value::String(_)) => Value::String(text),
        Some(Value::Table(_) | Value::Array(_)) => return Err(invalid("is a section or list: use a file")),
        // Numbers and switches, and what has no default: by their looks.
        Some(_) | None => text
            .parse::<i64>()
            .map(Value::Integer)
            .or_else(|_| text.parse::<bool>().map(Value::Boolean))
            .unwrap_or(Value::String(text)),
    };
    table.insert(last.clone(), value);
    Ok(())
}

/// Replaces `<secret>_file` by the secret that the file holds.
fn resolve_secrets(table: Table) -> Result<Table, ConfigError> {
    resolve_below(table, &mut Vec::new())
}

fn resolve_below(table: Table, path: &mut Vec<String>) -> Result<Table, ConfigError> {
    let mut resolved = Table::new();
    for (key, value) in table {
        path.push(key.strip_suffix("_file").unwrap_or(&key).to_owned());
        let (key, value) = match value {
            Value::Table(inner) => (key, Value::Table(resolve_below(inner, path)?)),
            Value::String(file) if key.ends_with("_file") && is_secret(path) => {
                let text = fs::read_to_string(&file)
                    .map_err(|e| ConfigError::Unreadable { file: file.clone(), cause: e.to_string() })?;
                (path[path.len() - 1].clone(), Value::String(text.trim_end().to_owned()))
            }
            value => (key, value),
        };
        if resolved.insert(key, value).is_some() {
            let both = format!("{0} and {0}_file are both given", path.join("."));
            return Err(ConfigError::Contradiction(vec![both]));
        }
        path.pop();
    }
    Ok(resolved)
}
