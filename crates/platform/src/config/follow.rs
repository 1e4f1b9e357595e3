//! What in the file of settings may change without a restart: the filter of the log.

use std::path::PathBuf;

use tokio_util::sync::CancellationToken;
use toml::{Table, Value};

use super::load::{Loaded, variable};
use crate::{
    followed::{Followed, LOOK_EVERY},
    loops::pause,
};

const FILTER: [&str; 2] = ["telemetry", "filter"];

/// The settings in force, and what of them was changed since.
struct Follower<F> {
    in_force: Loaded,
    file: PathBuf,
    /// The filter in force, and the file's own, over which a variable may be.
    filter: String,
    in_file: Option<Value>,
    set_filter: F,
}

impl Loaded {
    /// Looks at the file now and then, until stopped. A change of `telemetry.filter` goes to `set_filter`; what else
    /// has changed is named in the log, as it waits for a restart. A variable over the file goes on to win.
    pub async fn follow(self, set_filter: impl Fn(&str) -> anyhow::Result<()>, stop: CancellationToken) {
        let Some(file) = self.file.clone() else { return };
        let mut followed = Followed::new(vec![file.clone()]);
        let (filter, in_file) = (self.config.telemetry.filter.clone(), filter_of(&self.from_file));
        let mut follower = Follower { in_force: self, file, filter, in_file, set_filter };
        // The file may have changed between the start's look and this one.
        follower.look();
        while !stop.is_cancelled() {
            pause(LOOK_EVERY, &stop).await;
            if followed.have_changed() {
                follower.look();
            }
        }
    }
}

impl<F: Fn(&str) -> anyhow::Result<()>> Follower<F> {
    fn look(&mut self) {
        match Loaded::read(Some(&self.file), self.in_force.environment.clone()) {
            Ok(found) => self.compare(&found),
            Err(error) => {
                let file = self.file.display();
                tracing::error!(%file, %error, "the changed settings cannot be used: those in force stay, and a restart would fail");
            }
        }
    }

    fn compare(&mut self, found: &Loaded) {
        let mut changed = Vec::new();
        differences(&self.in_force.table, &found.table, &mut Vec::new(), &mut changed);
        changed.retain(|path| *path != FILTER);
        if !changed.is_empty() {
            let keys = changed.iter().map(|path| path.join(".")).collect::<Vec<_>>().join(", ");
            tracing::warn!(keys, "changed settings wait for a restart");
        }
        let (wanted, in_file) = (&found.config.telemetry.filter, filter_of(&found.from_file));
        if *wanted != self.filter {
            match (self.set_filter)(wanted) {
                // A warning, as the new filter may let nothing less through.
                Ok(()) => tracing::warn!(filter = wanted, "the log has another filter"),
                Err(error) => {
                    tracing::error!(%error, "the changed telemetry.filter cannot be used, the old one stays")
                }
            }
            self.filter.clone_from(wanted);
        } else if in_file != self.in_file {
            let variable = variable(&FILTER.map(str::to_owned));
            tracing::warn!(
                variable,
                filter = wanted,
                "the file has another telemetry.filter, but the variable is over it"
            );
        }
        self.in_file = in_file;
    }
}

fn filter_of(table: &Table) -> Option<Value> {
    table.get(FILTER[0])?.get(FILTER[1]).cloned()
}

/// The paths at which two tables differ.
fn differences(a: &Table, b: &Table, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    let keys = a.keys().chain(b.keys().filter(|key| !a.contains_key(*key)));
    for key in keys {
        path.push(key.clone());
        match (a.get(key), b.get(key)) {
            (Some(Value::Table(a)), Some(Value::Table(b))) => differences(a, b, path, found),
            (a, b) if a != b => found.push(path.clone()),
            _ => {}
        }
        path.pop();
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        sync::{Arc, Mutex},
    };

    use testkit::eventually;

    use super::*;
    use crate::testing::Scratch;

    const LONG: std::time::Duration = std::time::Duration::from_secs(20);
    const BEFORE: &str = "data_dir = \"/a\"\n[telemetry]\nfilter = \"info\"";

    /// The file, and every filter that was set since.
    struct Place {
        scratch: Scratch,
        set: Arc<Mutex<Vec<String>>>,
    }

    impl Place {
        fn new() -> Self {
            let place = Self { scratch: Scratch::new(), set: Arc::default() };
            place.write(BEFORE);
            place
        }

        fn file(&self) -> PathBuf {
            self.scratch.0.join("przesiadka.toml")
        }

        fn write(&self, text: &str) {
            fs::write(self.file(), text).expect("writes");
        }

        fn loaded(&self, environment: &[(&str, &str)]) -> Loaded {
            let environment =
                environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            Loaded::read(Some(&self.file()), environment).expect("good settings")
        }

        fn setter(&self) -> impl Fn(&str) -> anyhow::Result<()> + use<> {
            let set = Arc::clone(&self.set);
            move |filter| {
                set.lock().expect("unpoisoned").push(filter.to_owned());
                Ok(())
            }
        }

        /// What was set after the file had each of these contents.
        fn after(&self, loaded: Loaded, contents: &[&str]) -> Vec<String> {
            let (filter, in_file) = (loaded.config.telemetry.filter.clone(), filter_of(&loaded.from_file));
            let set_filter = self.setter();
            let mut follower = Follower { in_force: loaded, file: self.file(), filter, in_file, set_filter };
            for content in contents {
                self.write(content);
                follower.look();
            }
            self.set.lock().expect("unpoisoned").clone()
        }
    }

    #[test]
    fn a_changed_filter_is_set_and_what_cannot_be_used_is_not() {
        let place = Place::new();
        let contents = [
            "data_dir = \"/b\"\n[telemetry]\nfilter = \"info\"",
            "[telemetry]\nfilter = \"debug\"",
            "[telemetry]\nfilter = \"info,=loud=\"",
            "[telemetry]\nfilter = \"warn\"\n[rest]\ncolour = 1",
            "not toml",
            "[telemetry]\nfilter = \"debug\"\n[rest]\nlisten = \"127.0.0.1:1\"",
            BEFORE,
        ];
        assert_eq!(place.after(place.loaded(&[]), &contents), ["debug", "info"]);
    }

    #[test]
    fn a_variable_over_the_file_wins() {
        let place = Place::new();
        let loaded = place.loaded(&[("PRZESIADKA__TELEMETRY__FILTER", "error")]);
        assert!(place.after(loaded, &["[telemetry]\nfilter = \"debug\""]).is_empty());
    }

    #[tokio::test]
    async fn the_file_is_followed_until_stopped() {
        let (place, stop) = (Place::new(), CancellationToken::new());
        let following = tokio::spawn(place.loaded(&[]).follow(place.setter(), stop.clone()));
        for (n, filter) in ["debug", "trace"].into_iter().enumerate() {
            place.write(&format!("[telemetry]\nfilter = \"{filter}\""));
            let set = || place.set.lock().expect("unpoisoned").get(n).cloned();
            assert_eq!(eventually(LONG, "the filter to be set", async || set()).await, filter);
        }
        stop.cancel();
        following.await.expect("ends");
    }

    #[test]
    fn differences_are_named_by_their_paths() {
        let table = |text: &str| text.parse::<Table>().expect("TOML");
        let mut found = Vec::new();
        differences(
            &table("a = 1\nb = 2\n[c]\nd = 3\ne = [1]"),
            &table("a = 1\nb = 3\n[c]\ne = [1]\nf = 4"),
            &mut Vec::new(),
            &mut found,
        );
        let found: Vec<_> = found.iter().map(|path| path.join(".")).collect();
        assert_eq!(found, ["b", "c.d", "c.f"]);
    }
}
