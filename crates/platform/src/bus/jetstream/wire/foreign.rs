//! Messages that another program put on the bus.

use async_nats::header::{HeaderName, HeaderValue};
use jiff::Timestamp;
use proptest::{collection::vec, prelude::*};
use testkit::foreign;
use uuid::Uuid;

use super::*;
use crate::id::CompanyId;

const PREFIX: &str = "przesiadka";

fn message() -> impl Strategy<Value = Message> {
    let instant = (-1_000_000_000..4_000_000_000_i64, 0..1_000_000_i32);
    let instant =
        instant.prop_map(|(second, micros)| Timestamp::new(second, micros * 1000).expect("in range"));
    let lane = any::<Option<u128>>();
    let lane =
        lane.prop_map(|id| id.map_or(Lane::Global, |id| Lane::Company(CompanyId(Uuid::from_u128(id)))));
    let text = || prop::option::of("[!-~]{1,60}");
    let words = ("[a-z]{1,20}", "[a-z_]{1,30}", "[!-~]{1,60}");
    let message = (
        words,
        lane,
        (0..=i64::MAX, 1..=i64::MAX),
        instant.clone(),
        instant,
        text(),
        text(),
        vec(any::<u8>(), 0..50),
    );
    message.prop_map(
        |(
            (source, kind, event_id),
            lane,
            (epoch, seq),
            recorded_at,
            sequenced_at,
            trace,
            follows,
            payload,
        )| Message {
            source,
            lane,
            epoch,
            seq,
            event_id,
            kind,
            recorded_at,
            sequenced_at,
            trace,
            follows,
            payload: payload.into(),
        },
    )
}

fn sent(subject: &str, headers: HeaderMap, payload: Bytes) -> async_nats::Message {
    async_nats::Message {
        subject: subject.into(),
        reply: None,
        length: payload.len(),
        payload,
        headers: Some(headers),
        status: None,
        description: None,
    }
}

proptest! {
    #![proptest_config(foreign::cases())]

    #[test]
    fn a_message_reads_back_as_it_was_written(message in message()) {
        let raw = sent(&subject(PREFIX, &message), headers(&message), message.payload.clone());
        let read = decode(PREFIX, &raw).expect("readable");
        prop_assert_eq!(format!("{read:?}"), format!("{message:?}"));
    }

    #[test]
    fn a_damaged_message_is_read_as_its_subject_says_or_refused(
        message in message(),
        subject_sent in prop::option::of(foreign::text(["przesiadka.v1.audit._global.audit_passed"])),
        damaged in vec((prop::sample::select(vec!["ce-id", "ce-epoch", "ce-sequence", "ce-time", "ce-recordedtime", "traceparent", "ce-follows"]),
            foreign::text(["1", "-9223372036854775808", "2027-01-12T09:00:00Z", "9999-12-31T23:59:60Z", "+10000000000"])), 0..4),
    ) {
        let mut headers = headers(&message);
        for (name, value) in damaged {
            let name: HeaderName = name.parse().expect("a header's name");
            if let Ok(value) = value.parse::<HeaderValue>() {
                headers.insert(name, value);
            }
        }
        let subject = subject_sent.unwrap_or_else(|| subject(PREFIX, &message));
        match decode(PREFIX, &sent(&subject, headers, message.payload.clone())) {
            Ok(read) => {
                prop_assert!(read.seq >= 1 && read.epoch >= 0);
                prop_assert_eq!(super::subject(PREFIX, &read).to_lowercase(), subject.to_lowercase());
            }
            Err(why) => prop_assert!(!why.is_empty()),
        }
    }

    #[test]
    fn heads_read_back_and_damaged_ones_are_refused_or_read(
        heads in vec((any::<Option<u128>>(), any::<(i64, i64)>()), 0..5),
        payload in foreign::bytes([r#"[["_global",7],["0193a1c0-7e4c-7000-8000-5d1f3c2b1a00",1,1800000000000]]"#]),
    ) {
        let lane = |id: Option<u128>| id.map_or(Lane::Global, |id| Lane::Company(CompanyId(Uuid::from_u128(id))));
        let head = |(id, (epoch, seq))| LaneHead { lane: lane(id), number: Number { epoch, seq } };
        let heads: Vec<_> = heads.into_iter().map(head).collect();
        let read = decode_heads(&encode_heads(&heads)).expect("readable");
        prop_assert_eq!(format!("{read:?}"), format!("{heads:?}"));
        drop(decode_heads(&payload));
    }
}
