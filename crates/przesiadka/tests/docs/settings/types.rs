//! The keys of the typed settings, by their JSON schema.

use std::collections::BTreeMap;

use platform::config::Config;
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::Value;

/// What a key takes.
pub struct Typed {
    pub name: String,
    /// Where the settings know one that the file of defaults does not.
    pub default: Option<String>,
    pub is_list: bool,
}

/// All of them, by their paths.
pub fn all() -> BTreeMap<String, Typed> {
    let mut keys = BTreeMap::new();
    walk(&schema::<Config>(), String::new(), &mut keys);
    walk(&schema::<notification::Config>(), "notification".to_owned(), &mut keys);
    keys
}

fn schema<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

fn walk(schema: &Value, path: String, keys: &mut BTreeMap<String, Typed>) {
    // What may be absent is something or null.
    let somethings =
        schema["anyOf"].as_array().into_iter().flatten().filter(|choice| choice["type"] != "null");
    if let [something] = somethings.collect::<Vec<_>>()[..] {
        return walk(something, path, keys);
    }
    // One of several sections.
    let choices = schema["oneOf"].as_array().cloned().unwrap_or_default();
    if let Some(properties) = schema["properties"].as_object() {
        for (key, schema) in properties {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            walk(schema, path, keys);
        }
    } else if schema["items"]["properties"].is_object() {
        walk(&schema["items"], format!("{path}[]"), keys);
    } else if choices.iter().any(|choice| choice["properties"].is_object()) {
        for choice in &choices {
            walk(choice, path.clone(), keys);
        }
    } else {
        let default = Some(&schema["default"]).filter(|default| !default.is_null() && !default.is_array());
        let is_list = schema["items"].is_object();
        keys.insert(path, Typed { name: name(schema), default: default.map(Value::to_string), is_list });
    }
}

fn name(schema: &Value) -> String {
    if schema["items"].is_object() {
        return format!("list of {}", name(&schema["items"]));
    }
    let constants = schema["oneOf"].as_array().into_iter().flatten().map(|choice| &choice["const"]);
    let values: Vec<_> = schema["enum"].as_array().into_iter().flatten().chain(constants).collect();
    if !values.is_empty() {
        return values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(" or ");
    }
    let types =
        schema["type"].as_array().map_or_else(|| vec![&schema["type"]], |types| types.iter().collect());
    let name = types.into_iter().filter_map(Value::as_str).find(|name| *name != "null");
    name.unwrap_or_else(|| panic!("no type: {schema}")).to_owned()
}
