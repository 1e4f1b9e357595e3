//! Addresses in the form that every mail server takes.

use proto::refusal::{Words, words};

/// Longest address, and longest part before the @ (RFC 5321, 4.5.3.1), in characters.
const LONGEST: usize = 254;
const LONGEST_LOCAL: usize = 64;
/// Longer texts are no addresses whatever they say.
const LONGEST_READ: usize = 1000;

/// The common form, `local@domain.tld`, with a domain like "salon-łódź.pl" in its ASCII form; none
/// where it is no such address. Whether it exists only a delivery can tell.
pub fn read(text: &str) -> Option<String> {
    let (local, domain) = text.split_once('@').filter(|_| text.len() <= LONGEST_READ)?;
    let plain = local.chars().all(|c| c.is_ascii_graphic() && !"<>()[],;:\\\"".contains(c));
    let dotted = local.split('.').all(|part| !part.is_empty());
    if !plain || !dotted || local.len() > LONGEST_LOCAL {
        return None;
    }
    // Labels of 1 to 63 letters, digits and hyphens, 253 in all.
    let ascii = idna::domain_to_ascii_strict(domain).ok().filter(|ascii| ascii.contains('.'))?;
    let domain = if domain.is_ascii() { domain.to_owned() } else { ascii };
    let address = format!("{local}@{domain}");
    (address.len() <= LONGEST).then_some(address)
}

/// What an address has to be.
pub fn allowed() -> Words {
    words(
        "an e-mail address such as anna.nowak@auto-nowak.pl, of at most 254 characters; \
         before the @ at most 64, without accents, quotes, brackets and blanks; after it a domain with a dot",
        "adres e-mail, np. anna.nowak@auto-nowak.pl, najwyżej 254 znaki; \
         przed @ najwyżej 64, bez polskich liter, cudzysłowów, nawiasów i odstępów; po @ domena z kropką",
    )
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::common("anna.nowak@auto-nowak.pl")]
    #[case::with_a_tag("it+dms@sub.example.com")]
    #[case::signs_that_servers_know("o'neil_{it}!#$%&*/=?^`|~-@nowak.pl")]
    #[case::a_domain_in_capitals("Anna@Auto-Nowak.PL")]
    #[case::a_domain_in_its_ascii_form("jan@xn--salon-d-q0a42esr.pl")]
    #[case::the_longest_local_part(&format!("{}@nowak.pl", "a".repeat(64)))]
    #[case::the_longest(&format!("{}@{}.pl", "a".repeat(64), ["b".repeat(61), "c".repeat(61), "d".repeat(62)].join(".")))]
    fn an_address_stays_as_it_was_written(#[case] text: &str) {
        assert!(text.len() <= LONGEST);
        assert_eq!(read(text).as_deref(), Some(text));
    }

    #[rstest]
    #[case("jan@salon-łódź.pl", "jan@xn--salon-d-q0a42esr.pl")]
    #[case("jan@SALON-ŁÓDŹ.pl", "jan@xn--salon-d-q0a42esr.pl")]
    #[case("jan@łódź.example.pl", "jan@xn--d-uga0v4h.example.pl")]
    fn an_international_domain_is_written_as_mail_servers_know_it(
        #[case] text: &str,
        #[case] expected: &str,
    ) {
        assert_eq!(read(text).as_deref(), Some(expected));
    }

    #[rstest]
    #[case::nothing("")]
    #[case::no_at("anna.nowak")]
    #[case::no_local_part("@nowak.pl")]
    #[case::no_domain("anna@")]
    #[case::a_machine("anna@localhost")]
    #[case::two_ats("anna@@nowak.pl")]
    #[case::two_domains("anna@nowak.pl@nowak.pl")]
    #[case::two_dots("anna@nowak..pl")]
    #[case::a_dot_at_the_end("anna@nowak.pl.")]
    #[case::a_dot_before_the_at("anna.@nowak.pl")]
    #[case::a_blank("anna nowak@nowak.pl")]
    #[case::blanks_around(" anna@nowak.pl ")]
    #[case::a_line_break("anna@nowak.pl\r\nBcc: x@y.pl")]
    #[case::a_line_break_before_the_at("anna\nBcc: x@nowak.pl")]
    #[case::a_line_break_at_the_end("anna@nowak.pl\n")]
    #[case::a_name("Anna <anna@nowak.pl>")]
    #[case::several("anna@nowak.pl,jan@nowak.pl")]
    #[case::in_quotes("\"anna nowak\"@nowak.pl")]
    #[case::a_quote("an\"na@nowak.pl")]
    #[case::an_accent_before_the_at("józef@nowak.pl")]
    #[case::a_number_of_a_machine("anna@[192.0.2.1]")]
    #[case::a_sign_in_the_domain("anna@no_wak.pl")]
    #[case::a_hyphen_at_the_edge("anna@-nowak.pl")]
    #[case::a_turned_domain("anna@nowak\u{202e}.pl")]
    #[case::a_false_ascii_form("anna@xn--0.pl")]
    #[case::too_long_a_local_part(&format!("{}@nowak.pl", "a".repeat(65)))]
    #[case::too_long_a_label(&format!("anna@{}.pl", "b".repeat(64)))]
    #[case::of_255(&format!("{}@{}.pl", "a".repeat(64), ["b".repeat(62), "c".repeat(61), "d".repeat(62)].join(".")))]
    #[case::of_320(&format!("{}@{}.{}", "a".repeat(64), ["b".repeat(63), "c".repeat(63), "d".repeat(63)].join("."), "e".repeat(63)))]
    #[case::endless(&format!("anna@{}.pl", "ł".repeat(100_000)))]
    fn what_a_mail_server_may_not_take_is_no_address(#[case] text: &str) {
        assert_eq!(read(text), None);
    }
}
