//! Unattended files: reading them from where they lie and checking them before use.
pub mod kickstart;
pub mod preseed;
mod problem;

use std::borrow::Cow;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::error::{Expected, LocationProblem, Odd, SourceError};
use crate::finding::{Field, Finding, Reason};
use crate::install::detect::{Detected, Family, Generation};
use crate::install::inject::INJECT_LIMIT;
use crate::install::source::{Location, NfsLocation, http, open};
use crate::install::{Request, Unattended};
use crate::secret::hidden;
use crate::task::Cancel;
use crate::{Error, Result};

pub use problem::{LineProblem, Wanted};

/// Findings that are worth telling; a file of another kind has thousands.
const FINDINGS: usize = 50;

/// What a look at an unattended file says.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    /// Lines in it.
    pub lines: usize,
    /// Problems, each with its line.
    pub findings: Vec<Finding>,
}

/// Fetches (from nfs:, http(s):, or here) and checks the file. `Ok(None)` for [`Unattended::None`] or a URL that only the
/// installer can read (`hd:`, `cdrom:`, `floppy`…). A file that is not there is an error.
pub fn check(unattended: &Unattended, family: Family, cancel: &Cancel) -> Result<Option<Checked>> {
    check_with(unattended, family, None, cancel)
}

/// The same for the installer that was found: with its generation, more can be said. Before one was found, an Anaconda of
/// any age is supposed.
pub fn check_for(unattended: &Unattended, detected: Option<&Detected>, cancel: &Cancel) -> Result<Option<Checked>> {
    let family = detected.map_or(Family::RedHat, |detected| detected.family);
    check_with(unattended, family, detected.map(Detected::generation), cancel)
}

fn check_with(
    unattended: &Unattended,
    family: Family,
    generation: Option<Generation>,
    cancel: &Cancel,
) -> Result<Option<Checked>> {
    let unreachable = match unattended {
        Unattended::Url(url) if family == Family::Debian => unreadable_for_debian(url),
        _ => None,
    };
    match read(unattended, cancel) {
        Ok(Some(content)) => {
            let mut checked = check_content(&content, family, generation);
            checked.findings.splice(0..0, unreachable);
            Ok(Some(checked))
        }
        // That the installer can't read it there is worth more than that we can't.
        Ok(None) | Err(Error::Source(_)) if unreachable.is_some() => {
            Ok(Some(Checked { lines: 0, findings: unreachable.into_iter().collect() }))
        }
        other => other.map(|_| None),
    }
}

/// Checks what was read. `generation`: of the installer, where it is known.
pub fn check_content(content: &[u8], family: Family, generation: Option<Generation>) -> Checked {
    let Some(text) = text(content) else {
        return Checked { lines: 0, findings: vec![block(1, LineProblem::NoText)] };
    };
    let mut findings = match family {
        _ if text.trim().is_empty() => vec![block(1, LineProblem::Empty)],
        Family::RedHat | Family::Debian if text.trim_start().starts_with('<') => {
            vec![block(1, LineProblem::WebPage)]
        }
        Family::RedHat => kickstart::check(&text, generation),
        Family::Debian => preseed::check(&text),
        Family::Other => Vec::new(),
    };
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings.truncate(FINDINGS);
    Checked { lines: text.lines().count(), findings }
}

/// Text has no control characters. Other encodings than UTF-8 are harmless to the installers, in comments.
fn text(content: &[u8]) -> Option<Cow<'_, str>> {
    let control = |byte: &u8| *byte < 0x20 && !b"\t\n\r\x0c".contains(byte);
    (!content.iter().any(control))
        .then(|| String::from_utf8_lossy(content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content)))
}

/// The file's bytes, at most 16 MiB. `Ok(None)` where there is none, or only the installer can read it.
pub fn read(unattended: &Unattended, cancel: &Cancel) -> Result<Option<Vec<u8>>> {
    cancel.check()?;
    match unattended {
        Unattended::None => Ok(None),
        Unattended::Inject(path) => read_here(path).map(Some),
        Unattended::Url(url) => read_url(url.trim(), cancel),
    }
}

fn read_here(path: &Path) -> Result<Vec<u8>> {
    let name = || path.display().to_string();
    let failed = |e: std::io::Error| match e.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => SourceError::NotFound(name()),
        std::io::ErrorKind::PermissionDenied => SourceError::Forbidden(name()),
        _ => SourceError::Protocol { server: name(), reason: Odd::Said(e.to_string()) },
    };
    // Opening a pipe would wait for its other end.
    if !path.metadata().map_err(failed)?.is_file() {
        return Err(SourceError::Damaged { name: name(), expected: Expected::File }.into());
    }
    let mut content = Vec::new();
    File::open(path).and_then(|file| file.take(INJECT_LIMIT + 1).read_to_end(&mut content)).map_err(failed)?;
    match content.len() as u64 > INJECT_LIMIT {
        true => Err(SourceError::TooLarge { name: name(), limit: INJECT_LIMIT }.into()),
        false => Ok(content),
    }
}

/// Places that exist for the installer alone (Anaconda's boot options; debian-installer's preseed/url).
const INSTALLERS_OWN: [&str; 8] = ["hd:", "cdrom", "floppy", "file:", "bd:", "ftp:", "ftps:", "tftp:"];

fn read_url(url: &str, cancel: &Cancel) -> Result<Option<Vec<u8>>> {
    // A folder: the installer picks the file by its own address.
    if INSTALLERS_OWN.iter().any(|scheme| url.starts_with(scheme)) || (url.contains(':') && url.ends_with('/')) {
        return Ok(None);
    }
    let wrong = |reason| SourceError::Location { text: hidden(url), reason };
    let lower = url.to_ascii_lowercase();
    let content = if lower.starts_with("http://") || lower.starts_with("https://") {
        http::read_url(url, INJECT_LIMIT, cancel)?
    } else if url.starts_with('/') {
        return Err(wrong(LocationProblem::AnswersHere).into());
    } else {
        match url.parse()? {
            Location::Nfs(nfs) => read_nfs(&nfs, url, cancel)?,
            _ => return Err(wrong(LocationProblem::AnswersForm).into()),
        }
    };
    content.map(Some).ok_or_else(|| SourceError::NotFound(hidden(url)).into())
}

fn read_nfs(nfs: &NfsLocation, url: &str, cancel: &Cancel) -> Result<Option<Vec<u8>>> {
    let Some((folder, file)) = nfs.path.rsplit_once('/').filter(|(_, file)| !file.is_empty()) else {
        return Err(SourceError::Location { text: url.into(), reason: LocationProblem::NoFileName }.into());
    };
    let folder = if folder.is_empty() { "/" } else { folder };
    let mut tree = open(&Location::Nfs(NfsLocation { path: folder.into(), ..nfs.clone() }), cancel)?;
    let content = tree.read(file, INJECT_LIMIT);
    cancel.check()?;
    Ok(content?)
}

/// debian-installer fetches by wget: http, https, ftp; and by tftp.
fn unreadable_for_debian(url: &str) -> Option<Finding> {
    let (scheme, _) = url.split_once(':')?;
    (!["http", "https", "ftp", "tftp", "file"].contains(&scheme.to_ascii_lowercase().as_str()))
        .then(|| Finding::block(Field::Unattended, Reason::PreseedScheme { scheme: kickstart::short(scheme) }))
}

/// The unattended files that a request names by URL, each as its kernel argument: the chosen one, and those among the
/// arguments that a person typed. Passwords in them are hidden.
pub fn named(request: &Request) -> Vec<String> {
    let chosen = match &request.unattended {
        Unattended::Url(url) => Some(url.as_str()),
        Unattended::None | Unattended::Inject(_) => None,
    };
    let typed = request.extra_args.split_whitespace().filter_map(|argument| Some((argument, url_of(argument)?)));
    let typed = typed.filter(|(_, url)| chosen != Some(*url)).map(|(argument, _)| argument);
    let mut named: Vec<String> = chosen.into_iter().chain(typed).map(hidden).collect();
    let all = std::mem::take(&mut named);
    all.into_iter().for_each(|one| {
        if !named.contains(&one) {
            named.push(one)
        }
    });
    named
}

/// The value of a kernel argument that names an unattended file.
pub fn url_of(argument: &str) -> Option<&str> {
    match argument.split_once('=')? {
        ("ks" | "inst.ks" | "url" | "preseed/url", url) => Some(url),
        _ => None,
    }
}

fn block(line: usize, problem: LineProblem) -> Finding {
    Finding::block(Field::Unattended, Reason::UnattendedLine { line, problem })
}

fn warn(line: usize, problem: LineProblem) -> Finding {
    Finding::warn(Field::Unattended, Reason::UnattendedLine { line, problem })
}

#[cfg(test)]
mod tests;
