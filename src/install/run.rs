//! Carrying a plan out: fetch, inject, upload, create, define, start — and undoing all of it on failure or cancel.
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use virt::connect::Connect;
use virt::domain::{Domain, DomainShutoffReason, DomainStateReason};
use virt::enumutil::Enum;

use crate::domain::DomainId;
use crate::error::Left;
use crate::host::Host;
use crate::install::plan::Plan;
use crate::install::{Disk, inject, source};
use crate::storage;
use crate::task::{Cancel, Progress, Step};
use crate::{Error, Result};

/// Between two looks at a machine that installs.
const POLL: Duration = Duration::from_secs(1);
/// How long a lost link is waited for before a job that needs it gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs the plan until the machine runs its installer. On an error or a cancel nothing is left behind
/// (or [`crate::Error::LeftBehind`] names it).
///
/// The machine is started from the install XML, and what libvirt keeps as its definition is the final XML at once: should
/// this program end before the installer does, the machine's next start is from its disk all the same. Kernel and initrd
/// are removed from the host as soon as the machine runs: the hypervisor has read them.
pub fn run(host: &Host, plan: &Plan, on: impl Fn(Progress) + Sync, cancel: &Cancel) -> Result<DomainId> {
    let mut made = Made::default();
    match steps(host, plan, &on, cancel, &mut made) {
        Ok(()) => {
            // The machine runs, so a leftover here is no failure; `finish` tries again.
            for (what, e) in made.undo_files(host) {
                tracing::warn!(file = what, error = %e, "an installer file could not be removed from the host");
            }
            Ok(DomainId(plan.uuid))
        }
        Err(cause) => {
            on(Progress::begin(Step::RollBack));
            let left = made.undo(host, plan);
            // What an upload left behind is among these files, and perhaps gone now.
            let cause = match cause {
                Error::LeftBehind { cause, .. } => *cause,
                cause => cause,
            };
            if left.is_empty() { Err(cause) } else { Err(Error::LeftBehind { cause: Box::new(cause), left }) }
        }
    }
}

/// Waits until the installer has ended, then starts the machine from its disk — unless a person forced it off — and sees
/// to it that kernel and initrd are gone from the host. libvirt tells a guest's reboot and its power-off apart by nothing
/// that lasts, so both count as an installer that is done (as in virt-install).
///
/// A cancel ends the waiting and leaves the machine as it is.
pub fn finish(host: &Host, plan: &Plan, domain: DomainId, on: impl Fn(Progress) + Sync, cancel: &Cancel) -> Result<()> {
    on(Progress::begin(Step::Installing));
    let name = plan.request.name.clone();
    let mut lost_since = None;
    let by_itself = loop {
        cancel.check()?;
        let name = name.clone();
        match host.call(move |conn| ended(conn, domain, &name)) {
            Ok(Some(by_itself)) => break by_itself,
            Ok(None) => lost_since = None,
            Err(e @ (Error::Lost { .. } | Error::Busy { .. })) => {
                if lost_since.get_or_insert_with(Instant::now).elapsed() > PATIENCE {
                    return Err(e);
                }
            }
            Err(e) => return Err(e),
        }
        pause(POLL, cancel);
    };
    let files = Made { files: vec![plan.kernel_path.clone(), plan.initrd_path.clone()], ..Made::default() };
    for (what, e) in files.undo_files(host) {
        tracing::warn!(file = what, error = %e, "an installer file could not be removed from the host");
    }
    if by_itself {
        on(Progress::begin(Step::Start));
        host.call(move |conn| Ok(conn.lookup_domain_by_uuid(domain.0)?.create()?))?;
    }
    Ok(())
}

/// `Some(true)`: the guest ended its run (libvirt: shut off, reason "shutdown"); `Some(false)`: it was forced off or crashed.
fn ended(conn: &Connect, id: DomainId, name: &str) -> Result<Option<bool>> {
    let domain = conn.lookup_domain_by_uuid(id.0).map_err(|e| match e.code().to_raw() {
        virt_sys::VIR_ERR_NO_DOMAIN => Error::NoDomain(name.to_owned()),
        _ => e.into(),
    })?;
    if domain.is_active()? {
        return Ok(None);
    }
    let by_itself = Enum::Known(DomainShutoffReason::Shutdown);
    Ok(Some(matches!(domain.state()?.1, Enum::Known(DomainStateReason::Shutoff(why)) if why == by_itself)))
}

/// Sleeps, but not through a cancel.
fn pause(time: Duration, cancel: &Cancel) {
    let until = Instant::now() + time;
    while Instant::now() < until && !cancel.is_cancelled() {
        thread::sleep(Duration::from_millis(50));
    }
}

type On<'a> = &'a (dyn Fn(Progress) + Sync);

fn steps(host: &Host, plan: &Plan, on: On, cancel: &Cancel, made: &mut Made) -> Result<()> {
    cancel.check()?;
    // Holds kernel and initrd until they are on the host; it removes itself.
    let here = TempDir::with_prefix("drover-").map_err(|source| Error::File { path: std::env::temp_dir(), source })?;
    let (kernel, initrd) = (here.path().join("vmlinuz"), here.path().join("initrd"));
    // Before the first word of the server, which may be slow to come.
    on(Progress::begin(Step::FetchKernel));
    let mut tree = source::open(&plan.detected.location, cancel)?;
    fetch(tree.as_mut(), &plan.kernel, &kernel, Step::FetchKernel, on, cancel)?;
    fetch(tree.as_mut(), &plan.initrd, &initrd, Step::FetchInitrd, on, cancel)?;
    drop(tree);
    if let Some((file, name)) = &plan.inject {
        on(Progress::begin(Step::Inject));
        inject::append(&initrd, file, name)?;
    }
    cancel.check()?;
    if plan.uploads() {
        // Their names are ours alone, so they may be removed even if we never hear that they were made.
        made.files = vec![plan.kernel_path.clone(), plan.initrd_path.clone()];
        let pairs = vec![(kernel, plan.kernel_path.clone()), (initrd, plan.initrd_path.clone())];
        upload(host, pairs, on, cancel)?;
    }
    create_disk(host, plan, on, cancel, made)?;
    start(host, plan, on, cancel, made)
}

fn fetch(tree: &mut dyn source::Tree, path: &str, to: &Path, step: Step, on: On, cancel: &Cancel) -> Result<()> {
    on(Progress::begin(step));
    let mut file = File::create(to).map_err(|source| Error::File { path: to.to_owned(), source })?;
    let got = tree.fetch(path, &mut file, &mut |done, total| on(Progress { step, done, total }), cancel)?;
    drop(file);
    tracing::debug!(path, bytes = got, "fetched");
    match step {
        Step::FetchKernel => inject::check_kernel(to, path),
        _ => inject::check_initrd(to, path, cancel),
    }
}

/// Sends the files in one turn of the host's lane; progress counts the bytes of all.
fn upload(host: &Host, pairs: Vec<(PathBuf, String)>, on: On, cancel: &Cancel) -> Result<()> {
    let size = |path: &PathBuf| path.metadata().map_or(0, |m| m.len());
    let total = Some(pairs.iter().map(|(from, _)| size(from)).sum());
    on(Progress { step: Step::Upload, done: 0, total });
    let (tell, told) = mpsc::channel::<u64>();
    let stop = cancel.clone();
    thread::scope(|scope| {
        let job = scope.spawn(move || {
            host.call(move |conn| {
                let mut before = 0;
                for (from, to) in &pairs {
                    let mut last = 0;
                    let mut on = |done| {
                        last = done;
                        // Nobody listens any more only when the job is given up.
                        let _ = tell.send(before + done);
                    };
                    storage::upload(conn, from, to, &mut on, &stop)?;
                    before += last;
                }
                Ok(())
            })
        });
        for done in told {
            on(Progress { step: Step::Upload, done, total });
        }
        job.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn create_disk(host: &Host, plan: &Plan, on: On, cancel: &Cancel, made: &mut Made) -> Result<()> {
    let Disk::New { path, size_gib, format, sparse } = plan.request.disk.clone() else { return Ok(()) };
    cancel.check()?;
    on(Progress::begin(Step::CreateDisk));
    // Whole MiB, as image formats like them; the check has refused sizes that are no positive number, and the host
    // refuses those that are beyond all files.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let bytes = ((size_gib * 1024.0).ceil() as u64).saturating_mul(1024 * 1024);
    let on_host = path.clone();
    host.call(move |conn| storage::create(conn, &on_host, bytes, format, sparse))?;
    // Only now: had the creation failed because the file exists, it would not be ours to remove.
    made.files.push(path.clone());
    made.disk = Some(path);
    Ok(())
}

fn start(host: &Host, plan: &Plan, on: On, cancel: &Cancel, made: &mut Made) -> Result<()> {
    cancel.check()?;
    on(Progress::begin(Step::Define));
    let name = plan.request.name.clone();
    host.call(move |conn| match conn.lookup_domain_by_name(&name) {
        Ok(_) => Err(Error::NameTaken(name)),
        Err(_) => Ok(()),
    })?;
    made.domain = true;
    on(Progress::begin(Step::Start));
    let (install, last) = (plan.install_xml.clone(), plan.final_xml.clone());
    host.call(move |conn| {
        conn.create_domain_xml(&install, 0)?;
        conn.define_domain_xml(&last)?;
        Ok(())
    })?;
    cancel.check()
}

/// What a run has made on the host so far.
#[derive(Default)]
struct Made {
    /// Absolute paths.
    files: Vec<String>,
    /// The one of them that stays when all goes well.
    disk: Option<String>,
    domain: bool,
}

impl Made {
    /// Removes the files that are only for the start; gives back those that would not go.
    fn undo_files(&self, host: &Host) -> Vec<(String, Error)> {
        let passing = self.files.iter().filter(|f| Some(*f) != self.disk.as_ref());
        let until = Instant::now() + PATIENCE;
        passing.filter_map(|path| remove_file(host, path, until).err().map(|e| (path.clone(), e))).collect()
    }

    /// Removes everything; gives back what would not go.
    fn undo(&self, host: &Host, plan: &Plan) -> Vec<Left> {
        let until = Instant::now() + PATIENCE;
        let mut left = Vec::new();
        if self.domain {
            let uuid = plan.uuid;
            if let Err(e) = patiently(until, || host.call(move |conn| remove_domain(conn, uuid))) {
                left.push(Left::Machine { name: plan.request.name.clone(), why: Box::new(e) });
            }
        }
        for path in self.files.iter().rev() {
            if let Err(e) = remove_file(host, path, until) {
                left.push(Left::File { path: path.clone(), why: Box::new(e) });
            }
        }
        left
    }
}

fn remove_file(host: &Host, path: &str, until: Instant) -> Result<()> {
    patiently(until, || {
        let path = path.to_owned();
        host.call(move |conn| storage::remove(conn, &path).map(drop))
    })
}

fn remove_domain(conn: &Connect, uuid: uuid::Uuid) -> Result<()> {
    let domain: Domain = match conn.lookup_domain_by_uuid(uuid) {
        Ok(domain) => domain,
        Err(e) if e.code().to_raw() == virt_sys::VIR_ERR_NO_DOMAIN => return Ok(()),
        Err(e) => return Err(e.into()),
    };
    let persistent = domain.is_persistent()?;
    if domain.is_active()? {
        domain.destroy()?;
    }
    if persistent {
        domain.undefine()?;
    }
    Ok(())
}

/// Tries again while the link to the host is down, until then.
fn patiently(until: Instant, mut attempt: impl FnMut() -> Result<()>) -> Result<()> {
    loop {
        match attempt() {
            Err(Error::Lost { .. } | Error::Busy { .. }) if Instant::now() < until => thread::sleep(POLL),
            other => return other,
        }
    }
}
