//! A password or passphrase on its way to where it is needed: it never prints itself. Passwords in URLs are hidden.
use std::fmt;

/// A secret text. `Debug` is redacted and there is no `Display`, because messages and errors get logged.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text that must not be logged.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one call that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What a host name with a login stands behind: a URL's scheme, or debian-installer's argument for its mirror.
const BEFORE_LOGIN: [&str; 2] = ["://", "/hostname="];

/// The text (a URL, a command line, an XML) as it may be shown: in each `//user:password@host` the password is “…”.
pub fn hidden(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(end) = BEFORE_LOGIN.iter().filter_map(|mark| Some(rest.find(mark)? + mark.len())).min() {
        let (before, after) = rest.split_at(end);
        let authority =
            &after[..after.find(|c: char| "/?#<>\"".contains(c) || c.is_whitespace()).unwrap_or(after.len())];
        let login = authority.rfind('@').map_or("", |at| &authority[..at]);
        out.push_str(before);
        if let Some(colon) = login.find(':').filter(|colon| colon + 1 < login.len()) {
            out.push_str(&login[..=colon]);
            out.push('…');
        } else {
            out.push_str(login);
        }
        rest = &after[login.len()..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_in_urls_are_hidden_wherever_they_stand() {
        for (text, shown) in [
            ("http://u:p@h/a", "http://u:…@h/a"),
            ("ftp://u:p@ss:w=x,'y@h:80", "ftp://u:…@h:80"),
            ("a ks=http://u:p@h/k inst.repo=https://v:q@h b", "a ks=http://u:…@h/k inst.repo=https://v:…@h b"),
            ("<cmdline>ks=http://u:p&amp;q@h</cmdline>", "<cmdline>ks=http://u:…@h</cmdline>"),
            (
                "mirror/http/hostname=u:p@h mirror/http/directory=/d",
                "mirror/http/hostname=u:…@h mirror/http/directory=/d",
            ),
            ("http://:p@h", "http://:…@h"),
        ] {
            assert_eq!(hidden(text), shown);
            assert_eq!(hidden(shown), shown, "nothing is left to hide");
        }
        for open in ["http://u@h:80/a@b:c", "http://u:@h/", "nfs:h:/a@b", "qemu+ssh://root@kvm1:22/system", "://", ""] {
            assert_eq!(hidden(open), open);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in ".{0,40}(://|/hostname=)?[a:@/…é]{0,12}") {
            hidden(&text);
        }
    }

    #[test]
    fn debug_never_shows_the_text() {
        assert_eq!(format!("{:?}", Some(Secret::new("hunter2"))), "Some(Secret(…))");
    }
}
