//! What was written so far, so that what is read next shows it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

/// Request header with positions to wait for, and the answer's header with the new one.
pub const AFTER: &str = "x-przesiadka-after";
pub const POSITION: &str = "x-przesiadka-position";
/// A server takes no more.
const MOST: usize = 8;

/// The furthest position of each lane, the newest writes first. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct After(Arc<Mutex<Lanes>>);

#[derive(Debug, Default)]
struct Lanes {
    /// Request ids of the commands that were answered, in their order.
    accepted: Vec<String>,
    /// By `<service>/<company>`: epoch and number in the lane, and which write it was.
    lanes: HashMap<String, ((i64, i64), usize)>,
}

impl After {
    /// Keeps the position of a command's answer: `<service>/<company>/<number>`, or with `/<epoch>` behind it where the
    /// service's database was restored.
    pub fn written(&self, request_id: String, position: &str) {
        let mut parts = position.splitn(3, '/');
        let (Some(service), Some(company), Some(number)) = (parts.next(), parts.next(), parts.next()) else {
            return;
        };
        let (seq, epoch) = number.split_once('/').unwrap_or((number, "0"));
        let (Ok(epoch), Ok(seq)) = (epoch.parse::<i64>(), seq.parse::<i64>()) else { return };
        let mut known = self.0.lock().expect("nobody panics with the lock");
        known.accepted.push(request_id);
        let write = known.accepted.len();
        let entry = known.lanes.entry(format!("{service}/{company}")).or_default();
        *entry = (entry.0.max((epoch, seq)), write);
    }

    /// Request ids of the commands that were answered with a position.
    pub fn accepted(&self) -> Vec<String> {
        self.0.lock().expect("nobody panics with the lock").accepted.clone()
    }

    /// The header's value; none before the first write.
    pub fn header(&self) -> Option<String> {
        let known = self.0.lock().expect("nobody panics with the lock");
        let mut lanes: Vec<_> = known.lanes.iter().collect();
        lanes.sort_by_key(|(_, (_, write))| std::cmp::Reverse(*write));
        let position = |(lane, (number, _)): &(&String, &((i64, i64), usize))| match number {
            (0, seq) => format!("{lane}/{seq}"),
            (epoch, seq) => format!("{lane}/{seq}/{epoch}"),
        };
        let positions: Vec<_> = lanes.iter().take(MOST).map(position).collect();
        (!positions.is_empty()).then(|| positions.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_furthest_position_of_each_lane_is_kept() {
        let after = After::default();
        assert_eq!(after.header(), None);
        for position in ["scheduling/a/4", "audit/a/2", "scheduling/a/3", "nonsense"] {
            after.written(format!("for {position}"), position);
        }
        assert_eq!(after.header().as_deref(), Some("scheduling/a/4,audit/a/2"));
        assert_eq!(after.accepted(), ["for scheduling/a/4", "for audit/a/2", "for scheduling/a/3"]);
        after.written("for a restored one".to_owned(), "audit/a/1/1800000000000");
        assert_eq!(after.header().as_deref(), Some("audit/a/1/1800000000000,scheduling/a/4"));
    }

    #[test]
    fn no_more_positions_than_a_server_takes() {
        let after = After::default();
        for company in 0..20 {
            after.written(String::new(), &format!("scheduling/{company}/1"));
        }
        let header = after.header().expect("positions");
        assert_eq!(header.split(',').count(), MOST);
        assert!(header.starts_with("scheduling/19/1,"), "{header}");
    }
}
