//! The one table of error reasons: status codes and the texts a person reads.

use crate::common::v1::ErrorReason;

impl ErrorReason {
    /// The name that travels on the wire: upper snake case without the enum's prefix.
    pub fn name(self) -> &'static str {
        self.as_str_name().trim_start_matches("ERROR_REASON_")
    }
}
