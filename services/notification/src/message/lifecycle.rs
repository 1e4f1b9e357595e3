//! A message's way: what each step changes, and who may take it.

use jiff::{SignedDuration, Timestamp};
use platform::id::ContactId;
use uuid::Uuid;

use super::{Content, Lease, LeaseLost, Message, MessageId, Resent, State, Times, Try};

/// First wait after a failure; doubles up to [`LONGEST_WAIT`], each a fifth longer or shorter.
const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(30);
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(1);
/// After so much time of trying a message is given up.
const TRIED_FOR: SignedDuration = SignedDuration::from_hours(72);
/// All of three days, and room for some that SOFTVIG adds by sending it again.
const MOST_TRIES: usize = 100;

impl Message {
    /// Waits until then.
    pub const fn hold(&mut self, until: Timestamp) {
        self.state = State::Held { until };
    }

    /// Waits no more.
    pub const fn release(&mut self, machine_now: Timestamp) {
        self.state = State::Pending { next_try: machine_now };
    }

    /// Another one is sent in its place.
    pub const fn join(&mut self, into: MessageId) {
        self.state = State::Joined { into };
    }

    /// The one that was to be sent in its place is not: it goes out by itself. Whether it does.
    pub fn part(&mut self, from: MessageId, machine_now: Timestamp) -> bool {
        let parts = self.state == State::Joined { into: from } && !self.is_scrubbed();
        if parts {
            self.release(machine_now);
        }
        parts
    }

    /// Takes the message for sending. False if it is not due.
    pub fn claim(&mut self, lease: Lease, machine_now: Timestamp) -> bool {
        let due = self.due_at().is_some_and(|due| due <= machine_now);
        if due {
            self.attempts += 1;
            self.state = State::Sending { lease };
        }
        due
    }

    /// The server took it.
    pub fn sent(&mut self, token: Uuid, answer: String, times: Times) -> Result<(), LeaseLost> {
        self.tried(token, answer, times)?;
        self.state = State::Sent { at: times.business };
        Ok(())
    }

    /// It failed in a way that may pass: tried again later, and given up after [`TRIED_FOR`].
    pub fn postpone(&mut self, token: Uuid, answer: String, times: Times) -> Result<(), LeaseLost> {
        self.tried(token, answer, times)?;
        let last = self.tried_since.map(|since| since + TRIED_FOR);
        self.state = match last {
            Some(last) if times.machine >= last => State::GivenUp { at: times.business },
            _ => State::Pending { next_try: times.machine + self.wait() },
        };
        Ok(())
    }

    /// The server refused it for good, but not for its address.
    pub fn rejected(&mut self, token: Uuid, answer: String, times: Times) -> Result<(), LeaseLost> {
        self.tried(token, answer, times)?;
        self.state = State::GivenUp { at: times.business };
        Ok(())
    }

    /// The server refused its address for good.
    pub fn refused(&mut self, token: Uuid, answer: String, times: Times) -> Result<(), LeaseLost> {
        self.tried(token, answer, times)?;
        self.state = State::Undeliverable { at: times.business };
        Ok(())
    }

    fn tried(&mut self, token: Uuid, answer: String, times: Times) -> Result<(), LeaseLost> {
        self.check(token)?;
        self.tried_since.get_or_insert(times.machine);
        self.outcome.clone_from(&answer);
        self.heard(answer, times);
        Ok(())
    }

    /// A notice says that the mail which was sent last does not arrive. Whether that is news.
    pub fn bounced(&mut self, answer: String, times: Times) -> bool {
        let State::Sent { at: sent } = self.state else { return false };
        self.outcome.clone_from(&answer);
        self.heard(answer, times);
        self.state = State::Bounced { at: times.business, sent };
        true
    }

    /// A notice says how it fares; its state stays.
    pub fn heard(&mut self, answer: String, times: Times) {
        self.tries.push(Try { at: times.machine, answer });
        let surplus = self.tries.len().saturating_sub(MOST_TRIES);
        self.tries.drain(..surplus);
    }

    /// SOFTVIG sends it again, as a mail of its own.
    pub fn resend(&mut self, times: Times) {
        let resent = Resent { at: times.business, after: self.attempts, by_itself: false };
        self.begin_anew(resent, times.machine);
    }

    /// It did not arrive, and can now. It is still the mail of its day.
    pub fn retry(&mut self, machine_now: Timestamp) {
        let resent = Resent { at: self.created_at, after: self.attempts, by_itself: true };
        self.begin_anew(resent, machine_now);
    }

    fn begin_anew(&mut self, resent: Resent, machine_now: Timestamp) {
        self.resends += 1;
        self.resent = Some(resent);
        self.tried_since = None;
        self.state = State::Pending { next_try: machine_now };
    }

    /// Another message of the same words, not tried yet.
    pub fn copy(&self, machine_now: Timestamp) -> Self {
        Self {
            id: MessageId::new(),
            attempts: 0,
            outcome: String::new(),
            tries: Vec::new(),
            tried_since: None,
            resends: 0,
            resent: None,
            state: State::Pending { next_try: machine_now },
            ..self.clone()
        }
    }

    fn wait(&self) -> SignedDuration {
        let before = self.resent.map_or(0, |resent| resent.after);
        let doublings = (self.attempts - before).saturating_sub(1).min(10);
        let wait = (FIRST_WAIT * (1 << doublings)).min(LONGEST_WAIT);
        // Of two messages that failed together one is tried first; always the same, so that it can be tested.
        let spread = (self.id.0.as_u128() as u32).wrapping_add(self.attempts * 7) % 41;
        wait * (80 + spread as i32) / 100
    }

    /// Not even tried: the address is known not to work.
    pub fn refuse_known_address(&mut self, now: Timestamp) {
        self.outcome = "the address was found undeliverable before".into();
        self.state = State::Undeliverable { at: now };
    }

    /// Nobody needs it any more.
    pub fn drop(&mut self, token: Uuid, why: &str, now: Timestamp) -> Result<(), LeaseLost> {
        self.check(token)?;
        self.outcome = why.into();
        self.state = State::Dropped { at: now };
        Ok(())
    }

    /// A contact was anonymised. Whether the message was for them or spoke of them: then its words
    /// are gone, and it is not sent if it was not yet.
    pub fn scrub(&mut self, contact: ContactId, now: Timestamp) -> bool {
        let concerned = self.concerns().any(|id| id == contact);
        if concerned {
            self.content = Content::default();
            self.address = None;
            // What servers say may hold parts of an address.
            self.outcome.clear();
            self.tries.iter_mut().for_each(|one| one.answer.clear());
            if self.is_on_its_way() {
                self.outcome = "the contact was anonymised".into();
                self.state = State::Dropped { at: now };
            }
        }
        concerned
    }

    fn check(&self, token: Uuid) -> Result<(), LeaseLost> {
        match self.state {
            State::Sending { lease } if lease.token == token => Ok(()),
            _ => Err(LeaseLost),
        }
    }
}
