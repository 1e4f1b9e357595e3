//! Delivery status notifications, which anybody can mail to the sender's address.

#![no_main]

use libfuzzer_sys::fuzz_target;
use notification::message::DeliveryNotice;

fuzz_target!(|data: &[u8]| {
    if let Ok(notice) = DeliveryNotice::read(data, "przesiadka.softvig.pl") {
        assert!(!notice.words.contains('@'), "an address is kept");
    }
});
