//! A finding or an exception as the template shows it.

use serde::Serialize;

#[derive(Serialize)]
pub struct Entry {
    pub title: String,
    /// How severe it is, or what kind of exception.
    pub tag: &'static str,
    pub blocking: bool,
    /// What each of these lines is, and the line.
    pub lines: Vec<[String; 2]>,
    /// Who said what, and when.
    pub steps: Vec<[String; 2]>,
    /// Whether it may go on overleaf.
    pub long: bool,
}

/// Whether these texts may be too much to be kept on one page.
pub fn is_long<'a>(texts: impl IntoIterator<Item = &'a str>) -> bool {
    // A narrow line has about as many characters; so a line break takes as much room.
    const LINE: usize = 30;
    const FITS: usize = 20 * LINE;
    let room = |c| if c == '\n' { LINE } else { 1 };
    texts.into_iter().flat_map(str::chars).map(room).sum::<usize>() > FITS
}
