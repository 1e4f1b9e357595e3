//! How a message looks on NATS: subject, CloudEvents headers (binary mode), payload.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use async_nats::{HeaderMap, header::NATS_MESSAGE_TTL};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::super::{LaneHead, Message};
use crate::lane::{Lane, Number};

/// How long the stream keeps an event with personal data: long enough for a consumer that is restarted. One that
/// comes later gets it from the producer's outbox.
const PERSONAL_TTL: &str = "24h";

/// `<prefix>.v1.<service>.<lane>.<event>`
pub fn subject(prefix: &str, message: &Message) -> String {
    format!("{prefix}.v1.{}.{}.{}", message.source, message.lane, message.kind)
}

pub fn headers(message: &Message) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("ce-specversion", "1.0");
    headers.insert("ce-id", message.event_id.as_str());
    headers.insert("ce-source", format!("/przesiadka/{}", message.source));
    headers.insert("ce-type", format!("przesiadka.{}.v1.{}", message.source, message.kind));
    headers.insert("ce-time", message.recorded_at.to_string());
    // CloudEvents' extension for when the event was written down: machine time, where `ce-time` may be simulated.
    headers.insert("ce-recordedtime", message.sequenced_at.to_string());
    headers.insert("ce-datacontenttype", "application/protobuf");
    headers.insert("ce-lane", message.lane.to_string());
    headers.insert("ce-sequence", message.seq.to_string());
    // Left out as long as it is 0: builds before the epochs know no other.
    if message.epoch != 0 {
        headers.insert("ce-epoch", message.epoch.to_string());
    }
    if let Some(trace) = &message.trace {
        headers.insert("traceparent", trace.as_str());
    }
    if let Some(follows) = &message.follows {
        headers.insert("ce-follows", follows.as_str());
    }
    if message.is_personal() {
        headers.insert(NATS_MESSAGE_TTL, PERSONAL_TTL);
    }
    headers
}

/// Reads a message back. Service, lane and event come from the subject, which NATS guards by
/// permissions, never from a header, which anybody can write.
pub fn decode(prefix: &str, raw: &async_nats::Message) -> Result<Message, String> {
    let mut tokens =
        raw.subject.strip_prefix(prefix).and_then(|s| s.strip_prefix(".v1.")).unwrap_or_default().split('.');
    let (Some(source), Some(lane), Some(kind), None) =
        (tokens.next(), tokens.next(), tokens.next(), tokens.next())
    else {
        return Err("the subject is not <prefix>.v1.<service>.<lane>.<event>".into());
    };
    let header = |name: &str| {
        raw.headers
            .as_ref()
            .and_then(|h| h.get(name))
            .map(|v| v.as_str())
            .ok_or_else(|| format!("no header {name}"))
    };
    let seq: i64 = header("ce-sequence")?.parse().map_err(|_| "ce-sequence is no number")?;
    if seq < 1 {
        return Err("ce-sequence is below 1".into());
    }
    let epoch: i64 = header("ce-epoch").map_or(Ok(0), str::parse).map_err(|_| "ce-epoch is no number")?;
    if epoch < 0 {
        return Err("ce-epoch is below 0".into());
    }
    let instant = |name: &str| header(name)?.parse().map_err(|_| format!("{name} is no RFC 3339 instant"));
    Ok(Message {
        source: source.to_owned(),
        lane: lane.parse().map_err(|_| "the subject names no lane")?,
        epoch,
        seq,
        event_id: header("ce-id")?.to_owned(),
        kind: kind.to_owned(),
        recorded_at: instant("ce-time")?,
        sequenced_at: instant("ce-recordedtime")?,
        trace: header("traceparent").ok().map(str::to_owned),
        follows: header("ce-follows").ok().map(str::to_owned),
        payload: raw.payload.clone(),
    })
}

/// Which of `workers` tasks a lane belongs to.
pub fn worker(lane: &Lane, workers: usize) -> usize {
    let mut hasher = DefaultHasher::new();
    lane.hash(&mut hasher);
    (hasher.finish() % workers as u64) as usize
}

/// Lane, number and epoch, which is left out as long as it is 0.
#[derive(Serialize, Deserialize)]
struct Head(String, i64, #[serde(default, skip_serializing_if = "is_zero")] i64);

#[allow(clippy::trivially_copy_pass_by_ref, reason = "so serde wants it")]
fn is_zero(epoch: &i64) -> bool {
    *epoch == 0
}

pub fn encode_heads(heads: &[LaneHead]) -> Bytes {
    let head = |h: &LaneHead| Head(h.lane.to_string(), h.number.seq, h.number.epoch);
    let heads: Vec<Head> = heads.iter().map(head).collect();
    serde_json::to_vec(&heads).expect("strings and numbers are JSON").into()
}

pub fn decode_heads(payload: &[u8]) -> anyhow::Result<Vec<LaneHead>> {
    let heads: Vec<Head> = serde_json::from_slice(payload)?;
    let head = |Head(lane, seq, epoch)| Ok(LaneHead { lane: lane.parse()?, number: Number { epoch, seq } });
    heads.into_iter().map(head).collect()
}

#[cfg(test)]
mod foreign;
