//! Messages from the bus, subject and headers as lines and then the payload; and announcements of heads.

#![no_main]

use async_nats::{HeaderMap, HeaderName, HeaderValue, Message};
use libfuzzer_sys::fuzz_target;
use platform::bus::wire;

const PREFIX: &str = "przesiadka";

/// None for what the client of NATS would not have let in.
fn message(data: &[u8]) -> Option<Message> {
    let (head, payload) =
        data.iter().position(|byte| *byte == 0).map_or((data, &[][..]), |at| data.split_at(at));
    let mut lines = str::from_utf8(head).ok()?.lines();
    // A subject has no blanks.
    let subject = lines.next().filter(|subject| subject.bytes().all(|byte| byte.is_ascii_graphic()))?;
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        headers.append(name.parse::<HeaderName>().ok()?, value.parse::<HeaderValue>().ok()?);
    }
    Some(Message {
        subject: subject.into(),
        reply: None,
        length: data.len(),
        payload: payload.to_vec().into(),
        headers: Some(headers),
        status: None,
        description: None,
    })
}

fuzz_target!(|data: &[u8]| {
    drop(wire::decode_heads(data));
    let Some(message) = message(data) else { return };
    let Ok(read) = wire::decode(PREFIX, &message) else { return };
    assert!(read.seq >= 1 && read.epoch >= 0);
    let again = Message {
        subject: wire::subject(PREFIX, &read).into(),
        headers: Some(wire::headers(&read)),
        ..message
    };
    let again = wire::decode(PREFIX, &again).expect("as written");
    assert_eq!(format!("{again:?}"), format!("{read:?}"));
});
