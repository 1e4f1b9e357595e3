//! How audits end, in figures.

use std::sync::LazyLock;

use platform::telemetry::metrics::{Counter, KeyValue, counter};
use proto::audit::v1 as pb;

static CONCLUDED: LazyLock<Counter<u64>> = LazyLock::new(|| {
    counter("przesiadka.audits.concluded", "{audit}", "Audits that were concluded, by attempt and result.")
});

/// Counts an audit that was just concluded.
pub(crate) fn concluded(audit: &pb::Audit) {
    let attempt = if audit.number == 1 { "first" } else { "later" };
    let result = if audit.passed == Some(true) { "passed" } else { "failed" };
    let attributes = [
        KeyValue::new("audit", i64::from(audit.audit)),
        KeyValue::new("attempt", attempt),
        KeyValue::new("result", result),
    ];
    CONCLUDED.add(1, &attributes);
}
