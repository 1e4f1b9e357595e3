use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use platform::id::CompanyId;
use uuid::Uuid;

use super::store::StoredMessage;
use super::{Message, Recipient};

/// One company's messages that this replica has taken under one token.
#[derive(Clone, Debug)]
pub(crate) struct Hand {
    pub company: CompanyId,
    pub token: Uuid,
    /// In the order in which they go out to one recipient: an invitation before its cancellation.
    pub queues: BTreeMap<Recipient, VecDeque<StoredMessage>>,
}

impl Hand {
    /// What was taken, by company.
    pub fn sort(token: Uuid, batch: Vec<StoredMessage>) -> Vec<Self> {
        let mut hands = BTreeMap::new();
        for stored in batch {
            let Message { company, recipient, .. } = stored.value;
            let empty = || Self { company, token, queues: BTreeMap::new() };
            let hand = hands.entry(company).or_insert_with(empty);
            hand.queues.entry(recipient).or_default().push_back(stored);
        }
        hands.into_values().collect()
    }

    /// How many messages are left.
    pub fn len(&self) -> usize {
        self.queues.values().map(VecDeque::len).sum()
    }

    /// Lets go of each recipient whose next message is not held until then. What is behind it would overtake it,
    /// and is left to whoever takes that one.
    pub fn keep_held_until(&mut self, until: Timestamp) {
        self.queues.retain(|_, queue| queue.front().is_some_and(|next| next.value.is_held_until(until)));
    }

    /// The next message to each recipient.
    pub fn deal(&mut self) -> Vec<StoredMessage> {
        self.queues.values_mut().filter_map(VecDeque::pop_front).collect()
    }
}
