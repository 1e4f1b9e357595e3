//! What strangers send: any bytes, and good examples that were damaged on the way. Whoever reads it must not panic.

use proptest::{collection::vec, prelude::*};

/// How many inputs each property is tried with. `PROPTEST_CASES` asks for more.
pub fn cases() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(256);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// Mostly examples of which some places were changed, cut out, put in or repeated; now and then any bytes.
pub fn bytes<E: Into<Vec<u8>>>(examples: impl IntoIterator<Item = E>) -> impl Strategy<Value = Vec<u8>> {
    let examples: Vec<Vec<u8>> = examples.into_iter().map(Into::into).collect();
    let damaged = (prop::sample::select(examples), vec(damage(), 0..4));
    let damaged = damaged.prop_map(|(bytes, all)| all.into_iter().fold(bytes, Damage::done_to));
    prop_oneof![4 => damaged, 1 => vec(any::<u8>(), 0..200)]
}

/// The same as text.
pub fn text<E: Into<Vec<u8>>>(examples: impl IntoIterator<Item = E>) -> impl Strategy<Value = String> {
    let any_text = any::<String>();
    let damaged = bytes(examples).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    prop_oneof![4 => damaged, 1 => any_text]
}

#[derive(Clone, Debug)]
enum Damage {
    Change(prop::sample::Index, u8),
    PutIn(prop::sample::Index, Vec<u8>),
    CutOut(prop::sample::Index, usize),
    Repeat(prop::sample::Index, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let place = any::<prop::sample::Index>();
    // Signs that mean something to parsers, more often than chance would have them.
    let byte = prop_oneof![
        any::<u8>(),
        prop::sample::select(b"\0\"'\\/.,:;-+_=[]{}()<>@%&#|\r\n\t 019eEzZ\xc5\xff".to_vec())
    ];
    prop_oneof![
        (place.clone(), byte.clone()).prop_map(|(at, byte)| Damage::Change(at, byte)),
        (place.clone(), vec(byte, 1..9)).prop_map(|(at, bytes)| Damage::PutIn(at, bytes)),
        (place.clone(), 1..40_usize).prop_map(|(at, length)| Damage::CutOut(at, length)),
        (place, 1..40_usize).prop_map(|(at, length)| Damage::Repeat(at, length)),
    ]
}

impl Damage {
    fn done_to(mut bytes: Vec<u8>, damage: Self) -> Vec<u8> {
        let place = |at: prop::sample::Index, bytes: &[u8]| at.index(bytes.len() + 1);
        match damage {
            Self::Change(at, byte) => {
                let at = place(at, &bytes);
                if let Some(there) = bytes.get_mut(at) {
                    *there = byte;
                }
            }
            Self::PutIn(at, new) => {
                let at = place(at, &bytes);
                bytes.splice(at..at, new);
            }
            Self::CutOut(at, length) => {
                let at = place(at, &bytes);
                bytes.drain(at..bytes.len().min(at + length));
            }
            Self::Repeat(at, length) => {
                let at = place(at, &bytes);
                let again = bytes[at..bytes.len().min(at + length)].to_vec();
                bytes.splice(at..at, again);
            }
        }
        bytes
    }
}
