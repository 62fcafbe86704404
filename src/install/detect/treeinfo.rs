//! `.treeinfo`: an INI file beside an install tree (productmd's description of both its forms).
use super::Probe;
use crate::Result;

/// No true one comes near.
const LIMIT: u64 = 1 << 20;

/// Sections in their order, each with its keys; names in lower case, as productmd compares them.
#[derive(Debug, Default, PartialEq)]
pub(super) struct TreeInfo {
    sections: Vec<(String, Vec<(String, String)>)>,
}

/// The tree's `.treeinfo` or `treeinfo`, whichever is there first and has a section in it.
pub(super) fn read(probe: &mut Probe) -> Result<Option<(&'static str, TreeInfo)>> {
    for name in [".treeinfo", "treeinfo"] {
        if let Some(text) = probe.text(name, LIMIT)? {
            let info = TreeInfo::parse(&text);
            // A server may answer with a page of its own for what is not there.
            if !info.sections.is_empty() && !text.trim_start().starts_with('<') {
                return Ok(Some((name, info)));
            }
        }
    }
    Ok(None)
}

impl TreeInfo {
    /// Reads what can be read; a line that is neither a section nor `key = value` is passed over.
    pub fn parse(text: &str) -> Self {
        let mut info = Self::default();
        for line in text.trim_start_matches('\u{feff}').lines().map(str::trim) {
            if line.is_empty() || line.starts_with(['#', ';']) {
                continue;
            }
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
                info.sections.push((name.0.trim().to_ascii_lowercase(), Vec::new()));
            } else if let (Some((key, value)), Some((_, keys))) =
                (line.split_once(['=', ':']), info.sections.last_mut())
            {
                keys.push((key.trim().to_ascii_lowercase(), value.trim().to_owned()));
            }
        }
        info
    }

    /// The value, unless it is empty.
    pub fn get(&self, section: &str, key: &str) -> Option<&str> {
        let sections = self.sections.iter().filter(|(name, _)| name == section);
        let mut values =
            sections.flat_map(|(_, keys)| keys).filter(|(name, _)| name == key).map(|(_, value)| value.as_str());
        values.find(|value| !value.is_empty())
    }

    /// The first of several places that says something.
    pub fn first(&self, places: &[(&str, &str)]) -> Option<&str> {
        places.iter().find_map(|(section, key)| self.get(section, key))
    }

    /// Kernel and initrd of each `[images-…]`, with what stands for the dots; the tree's own architecture first.
    pub fn images(&self, arch: Option<&str>) -> Vec<(&str, &str, &str)> {
        let mut images: Vec<_> = self
            .sections
            .iter()
            .filter_map(|(name, _)| {
                let platform = name.strip_prefix("images-")?;
                Some((platform, self.get(name, "kernel")?, self.get(name, "initrd")?))
            })
            .collect();
        images.sort_by_key(|(platform, ..)| Some(*platform) != arch);
        images
    }
}

#[cfg(test)]
mod tests {
    use super::TreeInfo;

    #[test]
    fn tolerates_what_people_and_tools_write() {
        let text = "\u{feff}# c\n junk\n[General]\nFamily: Fedora\n; c\nversion=16\nempty =\n[images-i386]\nkernel = k\ninitrd = i\n[x";
        let info = TreeInfo::parse(text);
        assert_eq!(info.get("general", "family"), Some("Fedora"));
        assert_eq!(info.get("general", "empty"), None);
        assert_eq!(info.first(&[("release", "version"), ("general", "version")]), Some("16"));
        assert_eq!(info.images(Some("x86_64")), [("i386", "k", "i")]);
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in ".*") {
            TreeInfo::parse(&text);
        }
    }
}
