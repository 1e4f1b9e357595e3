//! Expressions in checklists: arithmetic and comparisons over facts, other items and what scheduling gives.
//!
//! The syntax is Jinja's, without filters: `2 * source.database_gb`, `min(8, cpu.usable_cores)`,
//! `32 if target.version == "2025" else 24`, `variant in ["hosted"]`. A day is compared as its text.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::LazyLock,
};

use minijinja::{Environment, UndefinedBehavior, value::Rest};
use serde::{Deserialize, Serialize};

use super::Value;

/// What is known when judging: the values of facts and items by key.
pub type Known<'a> = &'a dyn Fn(&str) -> Option<Value>;

/// Numbers only; `ceil` and `floor` take one.
pub const FUNCTIONS: [&str; 4] = ["min", "max", "ceil", "floor"];

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.add_function("min", |all: Rest<f64>| all.iter().copied().fold(f64::NAN, f64::min));
    environment.add_function("max", |all: Rest<f64>| all.iter().copied().fold(f64::NAN, f64::max));
    environment.add_function("ceil", f64::ceil);
    environment.add_function("floor", f64::floor);
    environment
});

/// An expression as a checklist states it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Expression(String);

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// Keys that it refers to and that have no value; where all have one, those with which it cannot be worked out.
    pub needs: Vec<String>,
    /// What is wrong with their values, such as a division by zero; empty where some are missing.
    pub problem: String,
}

impl From<&str> for Expression {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Expression {
    /// Keys that it refers to.
    ///
    /// # Errors
    /// What its syntax lacks.
    pub fn references(&self) -> Result<BTreeSet<String>, String> {
        self.compile().map(|compiled| compiled.names)
    }

    /// Works it out. A number is finite.
    ///
    /// # Errors
    /// Keys that have no value yet; or that their values allow no result.
    pub fn evaluate(&self, known: Known) -> Result<Value, Unknown> {
        self.compile().map_err(|problem| Unknown { needs: Vec::new(), problem })?.evaluate(known)
    }

    /// To be worked out several times.
    ///
    /// # Errors
    /// What its syntax lacks.
    pub fn compile(&self) -> Result<Compiled<'_>, String> {
        let expression = ENVIRONMENT.compile_expression(&self.0).map_err(|e| problem(&e))?;
        let names = expression.undeclared_variables(true).into_iter();
        let names = names.filter(|name| !FUNCTIONS.contains(&name.as_str())).collect();
        Ok(Compiled { expression, names })
    }
}

/// An expression that was read.
pub struct Compiled<'a> {
    expression: minijinja::Expression<'a, 'a>,
    /// Keys that it refers to.
    pub names: BTreeSet<String>,
}

impl Compiled<'_> {
    /// As [`Expression::evaluate`].
    pub fn evaluate(&self, known: Known) -> Result<Value, Unknown> {
        let values: Vec<_> = self.names.iter().map(|name| (name.as_str(), known(name))).collect();
        let missing = values.iter().filter(|(_, value)| value.is_none());
        let missing: Vec<_> = missing.map(|(name, _)| (*name).to_owned()).collect();
        if !missing.is_empty() {
            return Err(Unknown { needs: missing, problem: String::new() });
        }
        let values = values.iter().filter_map(|(name, value)| Some((*name, into(value.as_ref()?))));
        let result = self.expression.eval(tree(values));
        let value = result.map_err(|e| problem(&e)).and_then(|result| from(&result));
        value.map_err(|problem| Unknown { needs: self.names.iter().cloned().collect(), problem })
    }
}

/// `a.b` is looked up as `b` in `a`.
fn tree<'a>(values: impl Iterator<Item = (&'a str, minijinja::Value)>) -> minijinja::Value {
    let mut tree: BTreeMap<String, minijinja::Value> = BTreeMap::new();
    let mut below: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for (name, value) in values {
        match name.split_once('.') {
            None => drop(tree.insert(name.to_owned(), value)),
            Some((first, rest)) => below.entry(first).or_default().push((rest, value)),
        }
    }
    tree.extend(below.into_iter().map(|(name, values)| (name.to_owned(), self::tree(values.into_iter()))));
    tree.into()
}

fn into(value: &Value) -> minijinja::Value {
    match value {
        Value::Bool(v) => (*v).into(),
        Value::Number(v) => (*v).into(),
        Value::Text(v) => v.as_str().into(),
        Value::Date(v) => v.to_string().into(),
    }
}

fn from(value: &minijinja::Value) -> Result<Value, String> {
    use minijinja::value::ValueKind;
    match value.kind() {
        ValueKind::Bool => Ok(Value::Bool(value.is_true())),
        ValueKind::String => Ok(Value::Text(value.as_str().unwrap_or_default().to_owned())),
        ValueKind::Number => match f64::try_from(value.clone()) {
            Ok(number) if number.is_finite() => Ok(Value::Number(number)),
            _ => Err("the result is no finite number".into()),
        },
        other => Err(format!("the result is a {other}, and neither a number nor true or false nor a text")),
    }
}

/// Its kind and what it was about, without minijinja's excerpt of the source.
fn problem(error: &minijinja::Error) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    }
}

#[cfg(test)]
#[path = "expression_tests.rs"]
mod tests;
