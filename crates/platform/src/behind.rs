//! Which of a producer's lanes a consumer asks to have published again.

use std::{collections::HashMap, time::Duration};

use tokio::time::Instant;

use crate::{
    bus::LaneHead,
    lane::{Lane, Number},
};

/// Most events that one republication brings.
pub(crate) const STRETCH: i64 = 500;
/// A lane that does not move is asked for more and more seldom: what holds it up is not the bus, and
/// each republication goes to every consumer.
const LONGEST_PAUSE: u32 = 64;
/// What a process heard and did not read, because it stood still, is read all at once when it goes on.
const LONG_AGO: Duration = Duration::from_secs(30);

/// What was seen and asked at the comparisons before. Lanes that have caught up are forgotten.
#[derive(Debug, Default)]
pub(crate) struct Behind {
    asked: HashMap<(String, Lane), Asked>,
    ahead: HashMap<(String, Lane), Ahead>,
}

/// A lane that ended at its producer before what is applied here.
#[derive(Clone, Copy, Debug)]
struct Ahead {
    /// Where it stood when that was seen first.
    cursor: Number,
    since: Instant,
    said: bool,
}

#[derive(Debug)]
struct Asked {
    /// Where the lane stood at the last comparison.
    cursor: Number,
    /// Where it stood when it was last asked for.
    at: Number,
    /// Comparisons to let pass until it is asked for again, and how many it was this time.
    left: u32,
    pause: u32,
}

/// How a lane that its producer tells to end before what was applied here is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SetBack {
    /// It does not, or may only have moved since.
    No,
    /// Seen for the first time.
    Found,
    Known,
}

impl Behind {
    /// Whether the producer's lane ends before what was applied here long ago: its database was set back
    /// or replaced, and its next events have numbers that are known here.
    pub(crate) fn is_set_back(
        &mut self,
        source: &str,
        head: LaneHead,
        cursor: Number,
        now: Instant,
    ) -> SetBack {
        let key = (source.to_owned(), head.lane);
        if cursor <= head.number {
            self.ahead.remove(&key);
            return SetBack::No;
        }
        // Soon after, it only means that events came between the head and the look at the cursor.
        let ahead = self.ahead.entry(key).or_insert(Ahead { cursor, since: now, said: false });
        if head.number >= ahead.cursor || now.duration_since(ahead.since) < LONG_AGO {
            return SetBack::No;
        }
        if std::mem::replace(&mut ahead.said, true) { SetBack::Known } else { SetBack::Found }
    }

    /// What to ask for when the lane stands at `cursor`: nothing while it moves by itself.
    pub(crate) fn compare(
        &mut self,
        source: &str,
        head: LaneHead,
        cursor: Number,
        parked: bool,
    ) -> Option<LaneHead> {
        let key = (source.to_owned(), head.lane);
        if cursor >= head.number || parked {
            self.asked.remove(&key);
            return None;
        }
        let first = Asked { cursor, at: cursor, left: 1, pause: 1 };
        let ask = match self.asked.get_mut(&key) {
            None => {
                self.asked.insert(key, first);
                true
            }
            // The stretch that was asked for is applied, and more is missing.
            Some(asked) if cursor != asked.cursor && cursor.seq == asked.at.seq + STRETCH => {
                *asked = first;
                true
            }
            Some(asked) if cursor != asked.cursor => {
                *asked = Asked { at: asked.at, ..first };
                false
            }
            Some(asked) if asked.left > 1 => {
                asked.left -= 1;
                false
            }
            Some(asked) => {
                let pause = (asked.pause * 2).min(LONGEST_PAUSE);
                *asked = Asked { left: pause, pause, ..first };
                true
            }
        };
        ask.then_some(LaneHead { lane: head.lane, number: cursor.next() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers that are asked for when the lane stands so at one comparison after the other.
    fn asked(head: i64, cursors: impl IntoIterator<Item = i64>) -> Vec<Option<i64>> {
        let mut behind = Behind::default();
        let head = LaneHead { lane: Lane::Global, number: Number::first(head) };
        let seq =
            |cursor| behind.compare("maker", head, Number::first(cursor), false).map(|from| from.number.seq);
        cursors.into_iter().map(seq).collect()
    }

    #[test]
    fn a_lane_that_moves_by_itself_is_not_asked_for_again() {
        assert_eq!(asked(9, [0, 2, 5, 9]), [Some(1), None, None, None]);
        assert_eq!(asked(9, [0, 2, 2]), [Some(1), None, Some(3)]);
    }

    #[test]
    fn a_lane_that_does_not_move_is_asked_for_more_and_more_seldom() {
        let times: Vec<usize> =
            asked(9, [3; 300]).iter().enumerate().filter(|(_, a)| a.is_some()).map(|(n, _)| n).collect();
        assert_eq!(times, [0, 1, 3, 7, 15, 31, 63, 127, 191, 255]);
    }

    #[test]
    fn a_lane_far_behind_is_asked_for_stretch_by_stretch() {
        assert_eq!(asked(1300, [0, 500, 1000, 1300]), [Some(1), Some(501), Some(1001), None]);
    }

    #[test]
    fn a_producer_that_was_set_back_is_told_once_and_old_news_are_not() {
        let start = Instant::now();
        let said = |steps: &[(u64, i64, i64)]| -> Vec<bool> {
            let mut behind = Behind::default();
            let mut look = |&(second, head, cursor): &(u64, i64, i64)| {
                let now = start + Duration::from_secs(second);
                let head = LaneHead { lane: Lane::Global, number: Number::first(head) };
                behind.is_set_back("maker", head, Number::first(cursor), now) == SetBack::Found
            };
            steps.iter().map(&mut look).collect()
        };
        assert_eq!(
            said(&[(0, 5, 6), (40, 7, 8), (80, 8, 8), (120, 8, 9)]),
            [false; 4],
            "events came between"
        );
        assert_eq!(said(&[(0, 2, 9), (0, 3, 9), (1, 5, 9), (1, 9, 9)]), [false; 4], "read all at once");
        assert_eq!(
            said(&[(0, 9, 9), (5, 2, 9), (10, 2, 9), (40, 2, 9), (45, 3, 9)]),
            [false, false, false, true, false]
        );
    }

    #[test]
    fn a_parked_lane_is_not_asked_for() {
        let head = LaneHead { lane: Lane::Global, number: Number::first(5) };
        assert_eq!(Behind::default().compare("maker", head, Number::first(1), true), None);
    }

    #[test]
    fn a_lane_that_went_on_in_another_epoch_is_asked_for_whatever_its_numbers() {
        let head = LaneHead { lane: Lane::Global, number: Number { epoch: 7, seq: 3 } };
        let mut behind = Behind::default();
        assert_eq!(behind.is_set_back("maker", head, Number::first(9), Instant::now()), SetBack::No);
        let asked = behind.compare("maker", head, Number::first(9), false).expect("asked for");
        assert_eq!(asked.number, Number::first(10));
        assert_eq!(behind.compare("maker", head, Number { epoch: 7, seq: 3 }, false), None);
    }
}
