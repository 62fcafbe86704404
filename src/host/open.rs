//! Opening a link with a credentials callback of our own.
//!
//! `virt::Connect::open_auth` crashes when libvirt sends no challenge text, and its callback knows no host.
#![allow(unsafe_code)]
use std::ffi::{CStr, CString, c_int, c_uint, c_void};
use std::fs::File;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};

use virt::connect::Connect;
use virt_sys as sys;

use super::uri::{HostUri, Transport, UriProblem};
use super::{Challenge, ChallengeKind, Credentials, HostId};
use crate::error::OpenFailure;
use crate::{Error, Result};

/// Seconds between keepalives, and how many may go unanswered: a dead peer is noticed within 9 s. Unless a
/// [`super::pulse`] does that.
const KEEPALIVE: (i32, u32) = (3, 2);

/// Which link this is: two values are of one link as long as it is open.
pub(crate) fn address(link: &Connect) -> usize {
    // SAFETY: the pointer is only compared, never followed.
    unsafe { link.as_ptr() as usize }
}

/// What the callback is given.
struct Asker<'a> {
    host: &'a HostId,
    credentials: &'a dyn Credentials,
    /// True while a person is being asked: that time is not the daemon's.
    asking: &'a AtomicBool,
    gave_up: AtomicBool,
}

/// Opens the URI; blocks until the daemon answered (or a login was given up). `asking` is true while a login waits for
/// a person. The event loop must run already. With `keepalive`, libvirt itself closes a link that is silent.
pub(super) fn open(
    host: &HostId,
    credentials: &dyn Credentials,
    asking: &AtomicBool,
    keepalive: bool,
) -> Result<Connect> {
    let text = host.as_str();
    let uri = HostUri::parse(text).map_err(|problem| problem.of(text))?;
    readable(text, &uri)?;
    let name = CString::new(dialled(text, &uri, credentials)).map_err(|_| UriProblem::Blank.of(text))?;
    let asker = Asker { host, credentials, asking, gave_up: AtomicBool::new(false) };
    let kinds = [
        sys::VIR_CRED_USERNAME,
        sys::VIR_CRED_AUTHNAME,
        sys::VIR_CRED_PASSPHRASE,
        sys::VIR_CRED_ECHOPROMPT,
        sys::VIR_CRED_NOECHOPROMPT,
        sys::VIR_CRED_REALM,
    ];
    let mut kinds = kinds.map(|kind| c_int::try_from(kind).unwrap_or_default());
    let mut auth = sys::virConnectAuth {
        credtype: kinds.as_mut_ptr(),
        ncredtype: c_uint::try_from(kinds.len()).unwrap_or_default(),
        cb: Some(on_challenges),
        cbdata: ptr::from_ref(&asker).cast_mut().cast(),
    };
    // SAFETY: `name`, `auth`, `kinds` and `asker` outlive the call, and libvirt keeps none of them after it.
    let link = unsafe { sys::virConnectOpenAuth(name.as_ptr(), &raw mut auth, 0) };
    if link.is_null() {
        let gave_up = asker.gave_up.load(Ordering::Relaxed);
        return Err(Error::opening(text, &uri, gave_up, last_failure()));
    }
    // SAFETY: a fresh, owned reference; `Connect` closes it when dropped.
    let link = unsafe { Connect::from_ptr(link) };
    if keepalive && uri.transport != Transport::Inside {
        // An old daemon without keepalive still works; a dead link is then noticed by TCP only.
        if let Err(error) = link.set_keep_alive(KEEPALIVE.0, KEEPALIVE.1) {
            tracing::debug!(%error, "no keepalive");
        }
    }
    Ok(link)
}

/// The test driver's own file: older libvirt has the XML library say on standard error that it can't be read.
fn readable(text: &str, uri: &HostUri) -> Result<()> {
    if uri.driver != "test" || uri.transport != Transport::Inside || uri.path == "/default" {
        return Ok(());
    }
    let read = File::open(&uri.path).and_then(|mut file| file.read(&mut [0]));
    read.map(drop).map_err(|e| Error::Uri { uri: text.into(), reason: format!("{}: {e}", uri.path).into() })
}

/// The URI as libvirt gets it: ssh is kept from a terminal where nobody looks.
fn dialled(text: &str, uri: &HostUri, credentials: &dyn Credentials) -> String {
    let asks_elsewhere = credentials.has_terminal() || std::env::var_os("SSH_ASKPASS_REQUIRE").is_some();
    if uri.transport != Transport::Ssh || uri.parameter("no_tty").is_some() || asks_elsewhere {
        return text.to_owned();
    }
    format!("{text}{}no_tty=1", if text.contains('?') { '&' } else { '?' })
}

fn last_failure() -> OpenFailure {
    // SAFETY: the pointer is to this thread's own error; nothing here calls libvirt before it is copied.
    let error = unsafe { sys::virGetLastError().as_ref() };
    let Some(error) = error else { return OpenFailure::default() };
    OpenFailure {
        code: u32::try_from(error.code).unwrap_or_default(),
        // For system errors libvirt puts errno here; messages are in the person's language.
        errno: error.int1,
        // SAFETY: a C string of that error, or null.
        message: unsafe { text(error.message) }.unwrap_or_default(),
    }
}

/// # Safety
/// `pointer` is null or a C string that lives for the call.
unsafe fn text(pointer: *const std::ffi::c_char) -> Option<String> {
    // SAFETY: as promised by the caller.
    (!pointer.is_null()).then(|| unsafe { CStr::from_ptr(pointer) }.to_string_lossy().into_owned())
}

fn kind(raw: c_int) -> ChallengeKind {
    match u32::try_from(raw).unwrap_or_default() {
        sys::VIR_CRED_USERNAME => ChallengeKind::User,
        sys::VIR_CRED_AUTHNAME => ChallengeKind::AuthName,
        sys::VIR_CRED_NOECHOPROMPT => ChallengeKind::Password,
        sys::VIR_CRED_PASSPHRASE => ChallengeKind::Passphrase,
        sys::VIR_CRED_REALM => ChallengeKind::Realm,
        _ => ChallengeKind::Other,
    }
}

/// libvirt's callback: 0 when all are answered, -1 gives up.
unsafe extern "C" fn on_challenges(asked: sys::virConnectCredentialPtr, count: c_uint, data: *mut c_void) -> c_int {
    // SAFETY: `data` is the `Asker` that `open` keeps alive for the whole call.
    let asker = unsafe { &*data.cast::<Asker<'_>>() };
    if asked.is_null() {
        return -1;
    }
    // SAFETY: libvirt passes `count` credentials that are ours to fill until we return.
    let asked = unsafe { std::slice::from_raw_parts_mut(asked, count as usize) };
    let challenges: Vec<Challenge> = asked
        .iter()
        .map(|one| Challenge {
            host: asker.host.clone(),
            kind: kind(one.type_),
            // SAFETY: C strings of libvirt's, or null.
            prompt: unsafe { text(one.prompt) }.unwrap_or_default(),
            // SAFETY: as above.
            default: unsafe { text(one.defresult) },
        })
        .collect();
    asker.asking.store(true, Ordering::Relaxed);
    // A panic must not cross into C.
    let answers = catch_unwind(AssertUnwindSafe(|| asker.credentials.answer(&challenges))).ok().flatten();
    asker.asking.store(false, Ordering::Relaxed);
    let Some(answers) = answers.filter(|answers| answers.len() == asked.len()) else {
        asker.gave_up.store(true, Ordering::Relaxed);
        return -1;
    };
    for (one, answer) in asked.iter_mut().zip(&answers) {
        let bytes = answer.expose().as_bytes();
        let Ok(copy) = CString::new(bytes) else { return -1 };
        // SAFETY: a C string; libvirt frees the copy with free().
        one.result = unsafe { libc::strdup(copy.as_ptr()) };
        one.resultlen = c_uint::try_from(bytes.len()).unwrap_or_default();
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::NoCredentials;

    #[test]
    fn ssh_is_kept_from_the_terminal() {
        for (given, dialled_as) in [
            ("qemu+ssh://kvm1/system", "qemu+ssh://kvm1/system?no_tty=1"),
            ("qemu+ssh://kvm1/system?keyfile=/k", "qemu+ssh://kvm1/system?keyfile=/k&no_tty=1"),
            ("qemu+ssh://kvm1/system?no_tty=0", "qemu+ssh://kvm1/system?no_tty=0"),
            ("qemu+tcp://kvm1/system", "qemu+tcp://kvm1/system"),
        ] {
            assert_eq!(dialled(given, &HostUri::parse(given).unwrap(), &NoCredentials), dialled_as);
        }
    }
}
