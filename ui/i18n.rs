//! Translation: gettext with named values, so that a translator can move them about in the sentence.
use std::path::PathBuf;

#[cfg(not(test))]
pub use gettextrs::gettext;
#[cfg(test)]
pub use testing::gettext;

/// The gettext domain: the name of the `.mo` files.
pub const DOMAIN: &str = "drover";

/// Binds the catalogue; GTK sets the locale when it starts. Without a catalogue the English texts are shown.
pub fn init() {
    // A missing catalogue is no reason not to start.
    let _ = gettextrs::bindtextdomain(DOMAIN, locale_dir());
    let _ = gettextrs::bind_textdomain_codeset(DOMAIN, "UTF-8");
    let _ = gettextrs::textdomain(DOMAIN);
}

/// Where the packager said, else `share/locale` beside the program's `bin`.
fn locale_dir() -> PathBuf {
    if let Some(dir) = option_env!("DROVER_LOCALEDIR") {
        return PathBuf::from(dir);
    }
    let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.parent()?.join("share/locale")));
    beside.filter(|dir| dir.is_dir()).unwrap_or_else(|| PathBuf::from("/usr/share/locale"))
}

/// Translates, then puts each value in the place of its `{name}`.
pub fn gettext_f(text: &str, values: &[(&str, &str)]) -> String {
    fill(&gettext(text), values)
}

/// The same with a singular and a plural; `{n}` is the number.
pub fn ngettext_f(one: &str, many: &str, n: u64, values: &[(&str, &str)]) -> String {
    let chosen = gettextrs::ngettext(one, many, u32::try_from(n).unwrap_or(u32::MAX));
    fill(&fill(&chosen, values), &[("n", &n.to_string())])
}

/// One pass from left to right, so that a value which looks like a placeholder stays as it is.
fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open]);
        rest = &rest[open..];
        let known = rest.find('}').and_then(|close| {
            let (_, value) = values.iter().find(|(name, _)| *name == &rest[1..close])?;
            Some((close, value))
        });
        match known {
            Some((close, value)) => {
                out.push_str(value);
                rest = &rest[close + 1..];
            }
            None => {
                out.push('{');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// Tests choose a catalogue for their thread by its `.po` file: which locales a system has is no matter then.
#[cfg(test)]
pub mod testing {
    use std::cell::RefCell;
    use std::collections::HashMap;

    thread_local! {
        static CATALOGUE: RefCell<HashMap<String, String>> = RefCell::default();
    }

    pub fn gettext(text: impl Into<String>) -> String {
        let text = text.into();
        CATALOGUE.with_borrow(|known| known.get(&text).cloned()).unwrap_or_else(|| gettextrs::gettext(text))
    }

    /// Takes a `.po` file's singular texts for this thread; returns how many.
    pub fn use_catalogue(po: &str) -> usize {
        let mut known = HashMap::new();
        for entry in po.split("\n\n") {
            let (mut id, mut translated, mut into_id) = (String::new(), String::new(), false);
            for line in entry.lines() {
                let (key, text) = line.split_once('"').unwrap_or((line, "\""));
                match key.trim() {
                    "msgid" => into_id = true,
                    "msgstr" => into_id = false,
                    "" => {}
                    _ => continue,
                }
                let text = text.strip_suffix('"').unwrap_or(text).replace("\\\"", "\"").replace("\\n", "\n");
                if into_id { &mut id } else { &mut translated }.push_str(&text.replace("\\\\", "\\"));
            }
            known.insert(id, translated);
        }
        known.retain(|id, translated| !id.is_empty() && !translated.is_empty());
        CATALOGUE.replace(known);
        CATALOGUE.with_borrow(HashMap::len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_go_where_their_names_are_and_are_not_read_again() {
        assert_eq!(fill("{b} on {a}, {c}", &[("a", "{b}"), ("b", "x")]), "x on {b}, {c}");
        assert_eq!(fill("{ {a}", &[("a", "1")]), "{ 1");
    }

    #[test]
    fn the_number_chooses_the_form() {
        assert_eq!(ngettext_f("{n} machine", "{n} machines", 1, &[]), "1 machine");
        assert_eq!(ngettext_f("{n} machine on {h}", "{n} machines on {h}", 3, &[("h", "kvm1")]), "3 machines on kvm1");
    }
}
