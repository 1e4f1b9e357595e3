//! Headers that strangers write.

use http::HeaderValue;
use proptest::{collection::vec, prelude::*};
use testkit::foreign;
use tracing::Span;

use super::*;
use crate::{
    id::CompanyId,
    lane::{Lane, Number},
};

const AFTERS: [&str; 3] = [
    "scheduling/0193a1c0-7e4c-7000-8000-5d1f3c2b1a00/7",
    "audit/_global/9223372036854775807, licensing/_global/1",
    "a/_global/1,b/_global/2,c/_global/3,d/_global/4,e/_global/5,f/_global/6,g/_global/7,h/_global/8",
];
const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn header(name: &'static str, values: &[Vec<u8>]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    // Others than these hyper does not let in.
    for value in values.iter().filter_map(|value| HeaderValue::from_bytes(value).ok()) {
        headers.append(name, value);
    }
    headers
}

proptest! {
    #![proptest_config(foreign::cases())]

    #[test]
    fn positions_to_wait_for_are_a_few_or_refused_by_their_header(values in vec(foreign::bytes(AFTERS), 0..4)) {
        match after(&header(AFTER, &values)) {
            Ok(positions) => prop_assert!(positions.len() <= MOST_AFTER),
            Err(error) => prop_assert_eq!(&error.violations()[0].field, AFTER),
        }
    }

    #[test]
    fn a_position_reads_back_as_it_was_written(
        service in "[a-z]{1,20}", company in any::<Option<u128>>(), (epoch, seq) in any::<(i64, i64)>()
    ) {
        let lane = company.map_or(Lane::Global, |id| Lane::Company(CompanyId(uuid::Uuid::from_u128(id))));
        let position = LanePosition { service, lane, number: Number { epoch, seq } };
        prop_assert_eq!(position.to_string().parse(), Ok(position));
    }

    #[test]
    fn a_trace_is_carried_on_or_left_out(value in foreign::bytes([TRACE, "00-00000000000000000000000000000000-0000000000000000-00"])) {
        let headers = header("traceparent", &[value]);
        trace::adopt(&Span::none(), serving::traceparent(&headers));
    }

    #[test]
    fn a_request_id_is_short_and_visible_or_refused(id in foreign::text(["0193a1c0-7e4c-7000-8000-5d1f3c2b1a00", &"x".repeat(128)])) {
        match checked(id.clone()) {
            Ok(checked) => prop_assert!(checked == id && id.len() <= 128 && id.is_ascii() && !id.contains(' ')),
            Err(error) => prop_assert_eq!(&error.violations()[0].field, "request_id"),
        }
    }
}
