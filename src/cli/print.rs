//! What droverctl writes: text in which a control character (of a machine's title, of a server's message) can't steer the
//! terminal, and JSON.
use std::fmt::Write as _;

/// `println!` of one line, safe for a terminal, that does not panic when the reader has gone (`droverctl list | head -1`).
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(std::io::stdout(), "{}", $crate::cli::print::plain(&format!($($text)*)));
    }};
}

/// The same on standard error, with the program's name before it.
macro_rules! complain {
    ($($text:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(std::io::stderr(), "droverctl: {}", $crate::cli::print::plain(&format!($($text)*)));
    }};
}

/// A text with its control characters as escapes: `\u{1b}[31m`.
pub fn plain(text: &str) -> String {
    escaped(text, |out, c| out.extend(c.escape_default()))
}

/// Prints a value as JSON on one line.
pub fn json(value: &serde_json::Value) {
    use std::io::Write;
    // serde escapes those below the blank only.
    let text = escaped(&value.to_string(), |out, c| {
        let _ = write!(out, "\\u{:04x}", u32::from(c));
    });
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn escaped(text: &str, escape: impl Fn(&mut String, char)) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_control(c) { escape(&mut out, c) } else { out.push(c) }
    }
    out
}

/// Control characters, and those that turn the direction of the text around them (Unicode's Bidi_Control).
fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_shown() {
        assert_eq!(plain("a\x1b]0;b\x07\u{9b}1m\tc\n\u{202e}节点"), "a\\u{1b}]0;b\\u{7}\\u{9b}1m\\tc\\n\\u{202e}节点");
    }
}
