//! Files that others change while we run: mounted settings, renewed certificates.

use std::{fs, path::PathBuf, time::Duration};

use aws_lc_rs::digest::{self, SHA256};

/// How often such files are looked at.
pub(crate) const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Files, and what was in them at the last look. The content counts and not the file's times: a mounted volume is
/// changed by another link to the folder.
#[derive(Debug)]
pub(crate) struct Followed {
    files: Vec<PathBuf>,
    seen: Vec<Option<Vec<u8>>>,
}

impl Followed {
    /// To be made before the files are read, so that no change falls between.
    pub fn new(files: Vec<PathBuf>) -> Self {
        let seen = digests(&files);
        Self { files, seen }
    }

    /// Whether one of them has another content than at the last look, or is gone or back.
    pub fn have_changed(&mut self) -> bool {
        let now = digests(&self.files);
        std::mem::replace(&mut self.seen, now) != self.seen
    }
}

/// Some of them are secrets, so their content is not kept.
fn digests(files: &[PathBuf]) -> Vec<Option<Vec<u8>>> {
    let digest =
        |file| fs::read(file).ok().map(|content| digest::digest(&SHA256, &content).as_ref().to_vec());
    files.iter().map(digest).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::testing::Scratch;

    #[test]
    fn another_link_to_the_folder_is_a_change_and_the_same_content_is_none() {
        let scratch = Scratch::new();
        let path = |name: &str| scratch.0.join(name);
        for (folder, content) in [("one", "a"), ("two", "a"), ("three", "b")] {
            fs::create_dir(path(folder)).expect("a folder");
            fs::write(path(folder).join("file"), content).expect("writes");
        }
        let link = |folder: &str| {
            symlink(path(folder), path("next")).expect("a link");
            fs::rename(path("next"), path("data")).expect("takes its place");
        };
        link("one");
        let mut followed = Followed::new(vec![path("data/file"), path("absent")]);
        assert!(!followed.have_changed());
        link("two");
        assert!(!followed.have_changed(), "the same content");
        link("three");
        assert!(followed.have_changed());
        assert!(!followed.have_changed(), "only once");
        fs::write(path("absent"), "").expect("writes");
        assert!(followed.have_changed(), "a file that is there now");
    }
}
