//! SQLite is for one process: a lock file beside the database refuses a second.

use std::{
    fs::{File, TryLockError},
    path::Path,
};

use anyhow::Context as _;
use platform::private;

/// Held until dropped; the system lets go of it when the process dies.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// # Errors
    /// Another process holds it, or the file cannot be made.
    pub fn take(data_dir: &Path, service: &str) -> anyhow::Result<Self> {
        private::create_dir_all(data_dir).with_context(|| format!("cannot make {}", data_dir.display()))?;
        let path = data_dir.join(format!("{service}.lock"));
        let file = private::new_file().append(true).open(&path);
        let file = file.with_context(|| format!("cannot open {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => anyhow::bail!(
                "another process runs on {}: stop it, or give this one another data_dir",
                data_dir.display()
            ),
            Err(TryLockError::Error(e)) => Err(e).with_context(|| format!("cannot lock {}", path.display())),
        }
    }
}
