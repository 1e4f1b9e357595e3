//! What a file is, by its content. Taken is what anybody can look at without another program: no archives,
//! which Office's documents are too, and no programs.

use proto::refusal::{Words, words};

/// Longest head that a type is told by.
const HEAD: usize = 4096;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Pdf,
    Png,
    Jpeg,
    Webp,
    Utf8,
    Utf16,
}

impl Kind {
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
            Self::Utf8 => "text/plain; charset=utf-8",
            Self::Utf16 => "text/plain; charset=utf-16",
        }
    }

    /// How the names of such files end.
    pub fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Pdf => &["pdf"],
            Self::Png => &["png"],
            Self::Jpeg => &["jpg", "jpeg"],
            Self::Webp => &["webp"],
            Self::Utf8 | Self::Utf16 => &["txt", "log", "csv", "json", "xml"],
        }
    }
}

/// What would be taken.
pub fn allowed() -> Words {
    words(
        "PDF, PNG, JPEG, WebP, or text in UTF-8 or UTF-16",
        "PDF, PNG, JPEG, WebP albo tekst w kodowaniu UTF-8 lub UTF-16",
    )
}

/// Looks at a file as it passes.
#[derive(Debug, Default)]
pub struct Observer {
    head: Vec<u8>,
    text: Text,
}

impl Observer {
    pub fn look(&mut self, piece: &[u8]) {
        let more = piece.len().min(HEAD - self.head.len());
        self.head.extend_from_slice(&piece[..more]);
        self.text.look(piece);
    }

    /// What it is.
    ///
    /// # Errors
    /// The media type of what is not taken.
    pub fn kind(self) -> Result<Kind, &'static str> {
        let taken = by_head(&self.head).or_else(|| self.text.kind());
        let name = || infer::get(&self.head).map_or("application/octet-stream", |found| found.mime_type());
        taken.ok_or_else(name)
    }
}

/// By the bytes that such a file begins with. Stricter than `infer`, which takes a PDF's mark anywhere in the first
/// KiB; it names what is refused.
fn by_head(head: &[u8]) -> Option<Kind> {
    match head {
        [b'%', b'P', b'D', b'F', b'-', ..] => Some(Kind::Pdf),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Kind::Png),
        [0xff, 0xd8, 0xff, ..] => Some(Kind::Jpeg),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Kind::Webp),
        _ => None,
    }
}

/// Whether what passed so far is text: without control characters but tabs, line and page breaks.
#[derive(Debug)]
enum Text {
    /// Fewer than two bytes came, which tell the encoding.
    Unknown(Vec<u8>),
    /// The bytes of a character that is not whole yet.
    Utf8(Vec<u8>),
    /// Whether the first byte is the higher one, and the first byte of a unit that is not whole yet.
    Utf16(bool, Option<u8>),
    No,
}

impl Default for Text {
    fn default() -> Self {
        Self::Unknown(Vec::new())
    }
}

impl Text {
    fn look(&mut self, piece: &[u8]) {
        let begun;
        let mut piece = piece;
        if let Self::Unknown(first) = self {
            first.extend_from_slice(piece);
            if first.len() < 2 {
                return;
            }
            begun = std::mem::take(first);
            (*self, piece) = match begun.as_slice() {
                [0xff, 0xfe, rest @ ..] => (Self::Utf16(false, None), rest),
                [0xfe, 0xff, rest @ ..] => (Self::Utf16(true, None), rest),
                all => (Self::Utf8(Vec::new()), all),
            };
        }
        let goes_on = match self {
            Self::Utf8(rest) => {
                let bytes = [rest.as_slice(), piece].concat();
                let (text, broken) = match std::str::from_utf8(&bytes) {
                    Ok(text) => (text, false),
                    Err(e) => {
                        let (text, end) = bytes.split_at(e.valid_up_to());
                        *rest = end.to_vec();
                        (std::str::from_utf8(text).expect("valid up to there"), e.error_len().is_some())
                    }
                };
                if text.len() == bytes.len() {
                    rest.clear();
                }
                !broken && text.chars().all(|c| is_text(u32::from(c)))
            }
            Self::Utf16(high_first, rest) => {
                let bytes: Vec<u8> = rest.take().into_iter().chain(piece.iter().copied()).collect();
                let units = bytes.chunks_exact(2);
                *rest = units.remainder().first().copied();
                let unit = |pair: &[u8]| match high_first {
                    true => u16::from_be_bytes([pair[0], pair[1]]),
                    false => u16::from_le_bytes([pair[0], pair[1]]),
                };
                units.map(unit).all(|unit| is_text(u32::from(unit)))
            }
            Self::Unknown(_) | Self::No => true,
        };
        if !goes_on {
            *self = Self::No;
        }
    }

    fn kind(self) -> Option<Kind> {
        match self {
            Self::Utf8(rest) if rest.is_empty() => Some(Kind::Utf8),
            Self::Utf16(_, None) => Some(Kind::Utf16),
            Self::Unknown(one) => {
                one.first().filter(|byte| is_text(u32::from(**byte)) && byte.is_ascii()).map(|_| Kind::Utf8)
            }
            _ => None,
        }
    }
}

fn is_text(code: u32) -> bool {
    code >= 0x20 && !(0x7f..=0x9f).contains(&code) || matches!(code, 0x09 | 0x0a | 0x0c | 0x0d)
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};
    use rstest::rstest;
    use testkit::foreign;

    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

    #[rstest]
    #[case::pdf(b"%PDF-1.7\n\x00\xff", Ok(Kind::Pdf))]
    #[case::png(PNG, Ok(Kind::Png))]
    #[case::jpeg(b"\xff\xd8\xff\xe0\0\x10JFIF\0", Ok(Kind::Jpeg))]
    #[case::webp(b"RIFF\x10\0\0\0WEBPVP8 ", Ok(Kind::Webp))]
    #[case::utf8("Zażółć gęślą\tjaźń\r\n".as_bytes(), Ok(Kind::Utf8))]
    #[case::bom(b"\xef\xbb\xbftak", Ok(Kind::Utf8))]
    // As PowerShell 5 writes what is redirected.
    #[case::utf16(b"\xff\xfet\0a\0k\0\r\0\n\0", Ok(Kind::Utf16))]
    #[case::utf16_high_first(b"\xfe\xff\0t\x01\x7c", Ok(Kind::Utf16))]
    // Looks like a bitmap to who sees the first letters alone.
    #[case::text_that_begins_like_a_picture(b"BM i reszta", Ok(Kind::Utf8))]
    #[case::text_that_speaks_of_pdf(b"a file begins with %PDF-1.7", Ok(Kind::Utf8))]
    #[case::text_that_speaks_of_webp(b"Serwery WEBP", Ok(Kind::Utf8))]
    #[case::archive_that_speaks_of_pdf(b"MSCF\0\0\0\0%PDF-1.7", Err("application/pdf"))]
    #[case::one_letter(b"a", Ok(Kind::Utf8))]
    #[case::one_byte(b"\xff", Err("application/octet-stream"))]
    #[case::terminals_escape("tak\u{9b}31m".as_bytes(), Err("application/octet-stream"))]
    #[case::zip(b"PK\x03\x04\x14\0\0\0\x08\0", Err("application/zip"))]
    #[case::gzip(b"\x1f\x8b\x08\0\0\0\0\0", Err("application/gzip"))]
    #[case::program(b"MZ\x90\0\x03\0\0\0", Err("application/vnd.microsoft.portable-executable"))]
    #[case::gif(b"GIF89a\x01\0\x01\0", Err("image/gif"))]
    #[case::windows_1250(b"za\xbf\xf3\xb3\xe6", Err("application/octet-stream"))]
    #[case::half_a_letter(b"za\xc5", Err("application/octet-stream"))]
    #[case::half_a_unit(b"\xff\xfet\0a", Err("application/octet-stream"))]
    #[case::zero(b"tak\0nie", Err("application/octet-stream"))]
    #[case::escape(b"tak\x1b[31m", Err("application/octet-stream"))]
    fn a_file_is_what_it_contains(#[case] bytes: &[u8], #[case] expected: Result<Kind, &str>) {
        for pieces_of in [1, 2, 3, bytes.len()] {
            let mut observer = Observer::default();
            bytes.chunks(pieces_of).for_each(|piece| observer.look(piece));
            assert_eq!(observer.kind(), expected, "in pieces of {pieces_of}");
        }
    }

    proptest! {
        #![proptest_config(foreign::cases())]

        #[test]
        fn any_content_is_told_the_same_however_it_comes(
            content in foreign::bytes([PNG, b"%PDF-1.7\n", b"RIFF\x10\0\0\0WEBPVP8 ", "\u{feff}Zażółć".as_bytes(), b"\xff\xfet\0a\0k\0"]),
            cuts in vec(1..9_usize, 1..9),
        ) {
            let mut whole = Observer::default();
            whole.look(&content);
            let mut pieces = Observer::default();
            let mut rest = content.as_slice();
            for length in cuts.iter().cycle() {
                let (piece, after) = rest.split_at(rest.len().min(*length));
                pieces.look(piece);
                rest = after;
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(whole.kind(), pieces.kind());
        }
    }
}
