//! Tokens of pages, watches and links in mails: what opens was sealed by this key for this purpose.

#![no_main]

use libfuzzer_sys::fuzz_target;
use platform::tokens::Tokens;
use uuid::Uuid;

const BINDING: &str = "page question None None";

fuzz_target!(|data: &[u8]| {
    let tokens = Tokens::new(&[7; 32], Uuid::nil());
    let Ok(text) = str::from_utf8(data) else { return };
    if let Some(value) = tokens.open(BINDING, text) {
        assert_eq!(tokens.seal(BINDING, &value), text, "opened, and never sealed");
    }
    let sealed = tokens.seal(BINDING, text);
    assert_eq!(tokens.open(BINDING, &sealed).as_deref(), Some(text));
    assert_eq!(tokens.open(text, &sealed).is_some(), text == BINDING);
});
