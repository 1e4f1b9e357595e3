//! The file of defaults, as its comments are meant: `# ` begins words, `#` alone a key that is not set, and words
//! belong to the keys right below them.

use platform::config::is_secret;

#[derive(Default)]
pub struct File {
    pub sections: Vec<Section>,
}

#[derive(Default)]
pub struct Section {
    /// As in the file, `[]` behind a list's; empty for what lies in none.
    pub name: String,
    pub meaning: String,
    pub entries: Vec<Entry>,
    /// The line that begins it.
    header: String,
}

pub struct Entry {
    /// Without the `_file` of a secret.
    pub path: String,
    pub meaning: String,
    /// None for what is not set.
    pub default: Option<String>,
    /// The key within its section, and its value or example.
    line: String,
}

impl File {
    pub fn read(text: &str) -> Self {
        let mut file = Self { sections: vec![Section::default()] };
        let (mut words, mut meaning) = (Vec::new(), String::new());
        for line in text.lines() {
            if line == "#" || line.starts_with("# ") {
                words.push(line[1..].trim());
                continue;
            }
            if !words.is_empty() || line.is_empty() {
                meaning = words.join(" ");
                words.clear();
            }
            let (is_set, line) = line.strip_prefix('#').map_or((true, line), |line| (false, line));
            if let Some(header) = line.strip_prefix('[') {
                let name = header.trim_matches(['[', ']']);
                let name = if header.starts_with('[') { format!("{name}[]") } else { name.to_owned() };
                let meaning = std::mem::take(&mut meaning);
                file.sections.push(Section { name, meaning, header: line.to_owned(), entries: Vec::new() });
            } else if let Some((key, value)) = line.split_once(" = ") {
                let section = file.sections.last_mut().expect("there is always one");
                section.entries.push(Entry::new(&section.name, key, value, is_set, &meaning));
            } else {
                assert!(line.is_empty(), "default.toml: {line:?} is neither words nor a key");
            }
        }
        file
    }

    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.sections.iter().flat_map(|section| &section.entries)
    }

    /// The file with every key set, secrets themselves and not their files.
    pub fn all_set_but(&self, path: &str) -> String {
        let mut text = String::new();
        for section in &self.sections {
            text.push_str(&format!("{}\n", section.header));
            for entry in section.entries.iter().filter(|entry| entry.path != path) {
                text.push_str(&format!("{}\n", entry.line));
            }
        }
        text
    }
}

impl Entry {
    fn new(section: &str, key: &str, value: &str, is_set: bool, meaning: &str) -> Self {
        let path_of =
            |key: &str| if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") };
        let secret = key
            .strip_suffix("_file")
            .filter(|key| is_secret(&path_of(key).split('.').map(str::to_owned).collect::<Vec<_>>()));
        let key = secret.unwrap_or(key);
        Self {
            path: path_of(key),
            meaning: meaning.to_owned(),
            default: is_set.then(|| value.to_owned()),
            line: format!("{key} = {value}"),
        }
    }
}
