//! From what is typed in the search field to its terms.
use super::{Comparison, Field, Figure, Term, Test, fold};

/// One word as typed: `quoted` where its text began with a quote, and then it is free text whatever it contains.
struct Word {
    negated: bool,
    quoted: bool,
    text: String,
}

/// The terms of a search, in order.
pub(super) fn terms(text: &str) -> Vec<Term> {
    words(text).into_iter().map(|word| Term { negated: word.negated, test: test(word.quoted, &word.text) }).collect()
}

/// Splits at blanks outside quotes; a quote that is never closed reaches to the end.
fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut chars = text.chars().peekable();
    loop {
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        if chars.peek().is_none() {
            return words;
        }
        let negated = chars.next_if_eq(&'-').is_some();
        let quoted = chars.peek() == Some(&'"');
        let mut word = String::new();
        let mut inside = false;
        while let Some(c) = chars.next_if(|c| inside || !c.is_whitespace()) {
            if c == '"' { inside = !inside } else { word.push(c) }
        }
        if !word.is_empty() {
            words.push(Word { negated, quoted, text: word });
        }
    }
}

fn test(quoted: bool, word: &str) -> Test {
    let term = if quoted { None } else { figure(word).or_else(|| field(word)) };
    term.unwrap_or_else(|| Test::Free(fold(word)))
}

fn field(word: &str) -> Option<Test> {
    let (name, value) = word.split_once(':')?;
    let value = fold(value);
    let field = match name.to_ascii_lowercase().as_str() {
        "state" | "is" if value.is_empty() => return Some(Test::Unfinished),
        "state" | "is" => return Some(Test::State(value)),
        "name" => Field::Name,
        "title" => Field::Title,
        "description" => Field::Description,
        "uuid" => Field::Uuid,
        "mac" => Field::Mac,
        "ip" => Field::Ip,
        "os" => Field::Os,
        "host" => Field::Host,
        "tag" => Field::Tag,
        "net" | "network" | "bridge" => Field::Net,
        "disk" => Field::Disk,
        _ => return None,
    };
    Some(if value.is_empty() { Test::Unfinished } else { Test::Field(field, value) })
}

fn figure(word: &str) -> Option<Test> {
    let at = word.find(['<', '>', '='])?;
    let (name, rest) = word.split_at(at);
    let figure = match name.to_ascii_lowercase().as_str() {
        "cpu" => Figure::Cpu,
        "mem" | "memory" => Figure::Memory,
        "vcpu" | "vcpus" | "cpus" => Figure::Vcpus,
        "snapshot" | "snapshots" => Figure::Snapshots,
        _ => return None,
    };
    let signs = [
        (">=", Comparison::GreaterOrEqual),
        ("<=", Comparison::LessOrEqual),
        (">", Comparison::Greater),
        ("<", Comparison::Less),
        ("=", Comparison::Equal),
    ];
    let (value, comparison) =
        signs.iter().find_map(|(sign, comparison)| Some((rest.strip_prefix(sign)?, *comparison)))?;
    if value.is_empty() {
        return Some(Test::Unfinished);
    }
    let value = match figure {
        Figure::Memory => kib(value)?,
        Figure::Cpu => value.trim_end_matches('%').parse().ok()?,
        Figure::Vcpus | Figure::Snapshots => value.parse().ok()?,
    };
    f64::is_finite(value).then_some(Test::Figure(figure, comparison, value))
}

/// `4G`, `4GiB`, `512` (MiB) in KiB.
fn kib(text: &str) -> Option<f64> {
    let lower = text.to_ascii_lowercase();
    let digits = lower.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match lower.get(digits.len()..)? {
        "k" | "kb" | "kib" => 1.0,
        "" | "m" | "mb" | "mib" => 1024.0,
        "g" | "gb" | "gib" => 1024.0 * 1024.0,
        "t" | "tb" | "tib" => 1024.0 * 1024.0 * 1024.0,
        _ => return None,
    };
    Some(digits.parse::<f64>().ok()? * unit)
}
