//! Opening, listing, watching and closing.
//!
//! `test:///default` is one state for the whole process, so whatever changes machines has a file of its own.
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use drover::Error;
use drover::host::{
    Cause, Challenge, ChallengeKind, Credentials, FailKind, Host, HostOptions, LinkState, NoCredentials,
};
use drover::secret::Secret;

use crate::fleet::{self, Watched};

#[test]
fn the_default_host_tells_everything() {
    let mut watched = Watched::open(
        "test:///default",
        HostOptions { stats_every: Some(Duration::from_millis(100)), ..HostOptions::default() },
    );
    watched.until("two ticks", |_, kinds| kinds.iter().filter(|k| **k == "stats").count() >= 2);
    assert_eq!(&watched.kinds[..2], ["connecting", "up"]);
    let entry = watched.entry();
    assert!(entry.complete && entry.total() == 1);
    let info = entry.info.as_ref().unwrap();
    assert_eq!((info.hypervisor.as_str(), info.hostname.is_empty()), ("TEST", false));
    assert!(info.memory_kib > 0 && info.cpus > 0);
    assert_eq!(watched.host.link(), LinkState::Up);
}

#[test]
fn a_thousand_machines_have_rows_before_details() {
    let file = fleet::file(1000);
    let mut watched = Watched::quiet(&fleet::uri(&file));
    watched.until("complete", |_, kinds| kinds.contains(&"complete"));
    assert!(!watched.kinds.contains(&"changed"), "{:?}", watched.kinds);
    let entry = watched.entry();
    assert_eq!((entry.total(), entry.running()), (1000, 334));
    let machine = entry.machines.values().find(|m| m.info.name == "vm-00007").unwrap();
    assert_eq!((machine.info.vcpus, machine.info.memory_kib, machine.info.persistent), (2, 1_048_576, true));
    assert!(machine.info.details.is_none());

    let start = Instant::now();
    watched
        .until("all details", |inventory, _| inventory.hosts()[0].machines.values().all(|m| m.info.details.is_some()));
    println!("details of 1000 machines after {:?}", start.elapsed());
    let machine = watched.entry().machines.values().find(|m| m.info.name == "vm-00007").unwrap();
    let details = machine.info.details.as_ref().unwrap();
    assert_eq!(details.disks[0].source.as_deref(), Some("/var/lib/x-7.img"));
    assert_eq!(details.nics[0].mac, "52:54:00:00:00:07");
    assert!(watched.kinds.iter().filter(|k| **k == "changed").count() >= 4, "in chunks");
}

#[test]
fn changes_by_anybody_arrive() {
    let file = fleet::file(1);
    let mut watched = Watched::quiet(&fleet::uri(&file));
    watched.until("details", |_, kinds| kinds.contains(&"changed"));
    // Not through an action: as another administrator would.
    watched.host.call(|link| Ok(link.lookup_domain_by_name("vm-00000")?.suspend()?)).unwrap();
    watched.until("paused", |inventory, _| {
        inventory.hosts()[0].machines.values().any(|m| m.info.state == drover::domain::State::Paused)
    });
    let xml = "<domain type='test'><name>new</name><memory>1024</memory><os><type>hvm</type></os></domain>";
    watched.host.call(move |link| Ok(drop(link.define_domain_xml(xml)?))).unwrap();
    watched.until("defined", |inventory, _| inventory.total() == 2);
    watched.host.call(|link| Ok(link.lookup_domain_by_name("new")?.undefine()?)).unwrap();
    watched.until("gone", |inventory, _| inventory.total() == 1);
}

#[test]
fn a_wrong_uri_fails_and_waits_for_a_person() {
    for uri in ["kvm://nowhere", "qemu+ssh:///system", "test:///no/such/file.xml"] {
        let mut watched = Watched::quiet(uri);
        watched.until("failed", |_, kinds| kinds.contains(&"down"));
        let LinkState::Failed { kind, retry_at, reason } = watched.host.link() else { panic!("{uri}") };
        assert_eq!((kind, retry_at), (FailKind::BadUri, None), "{uri}");
        assert_eq!(matches!(reason, Cause::Uri(_)), !uri.starts_with("test:"), "{reason:?}");
        assert!(!reason.to_string().is_empty() && !reason.to_string().contains(uri), "{reason}");
        assert!(matches!(watched.host.call(|_| Ok(())), Err(Error::Lost { .. })));
    }
}

#[test]
fn an_absent_daemon_is_named_and_retried() {
    let folder = tempfile::tempdir().unwrap();
    let uri = format!("qemu+unix:///system?socket={}/none", folder.path().display());
    let mut watched = Watched::quiet(&uri);
    watched.until("failed", |_, kinds| kinds.contains(&"down"));
    assert!(matches!(watched.host.link(), LinkState::Failed { kind: FailKind::NoDaemon, retry_at: Some(_), .. }));
    // And again by itself, a second later.
    watched.until("retried", |_, kinds| kinds.iter().filter(|k| **k == "down").count() == 2);
    watched.host.retry_now();
    watched.until("retried at once", |_, kinds| kinds.iter().filter(|k| **k == "connecting").count() == 2);
    assert!(matches!(Host::open_now(&uri, Arc::new(NoCredentials)), Err(Error::NoDaemon { .. })));
}

#[test]
fn a_silent_daemon_holds_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("sock");
    // It takes connections (the kernel does) and never says a word.
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let start = Instant::now();
    let silent = Watched::quiet(&format!("qemu+unix:///system?socket={}", socket.display()));
    let file = fleet::file(3);
    let mut lively = Watched::quiet(&fleet::uri(&file));
    lively.until("the other's details", |_, kinds| kinds.contains(&"changed"));
    assert_eq!(silent.host.link(), LinkState::Connecting);
    assert!(matches!(silent.host.call(|_| Ok(())), Err(Error::Lost { .. })));
    drop(silent);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[test]
fn a_host_without_a_window_opens_and_closes() {
    let host = Host::open_now("test:///default", Arc::new(NoCredentials)).unwrap();
    assert_eq!(host.call(|link| Ok(link.driver_type()?)).unwrap(), "TEST");
    assert!(host.is_local() && !host.is_unix());
    host.close();
    assert!(matches!(host.call(|_| Ok(())), Err(Error::Lost { .. })));
}

/// Threads of this process that belong to watchers and lanes.
fn host_threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.filter_map(|t| std::fs::read_to_string(t.ok()?.path().join("comm")).ok());
    names.filter(|name| ["host-watch", "host-call", "host-open", "host-close"].contains(&name.trim())).count()
}

/// Runs alone, in a process of its own (see below), because other tests have threads, too.
#[test]
#[ignore = "run by dropping_the_last_handle_ends_all_threads"]
fn alone_dropping_ends_threads() {
    let file = fleet::file(300);
    let mut watched = Watched::quiet(&fleet::uri(&file));
    watched.until("details", |_, kinds| kinds.contains(&"changed"));
    assert!(host_threads() > 1);
    let Watched { host, .. } = watched;
    let second = host.clone();
    drop(host);
    assert!(second.call(|_| Ok(())).is_ok(), "one handle lives on");
    drop(second);
    let end = Instant::now() + Duration::from_secs(10);
    while host_threads() > 0 {
        assert!(Instant::now() < end, "{} threads left", host_threads());
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn dropping_the_last_handle_ends_all_threads() {
    let this = std::env::current_exe().unwrap();
    let arguments = ["hosts::alone_dropping_ends_threads", "--ignored", "--exact"];
    let output = std::process::Command::new(this).args(arguments).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

#[test]
fn a_marked_thread_may_not_call() {
    let host = Host::open_now("test:///default", Arc::new(NoCredentials)).unwrap();
    let marked = std::thread::spawn(move || {
        drover::host::forbid_here();
        host.call(|_| Ok(()))
    });
    let result = marked.join();
    if cfg!(debug_assertions) {
        assert!(result.is_err());
    } else {
        assert!(matches!(result.unwrap(), Err(Error::Busy { .. })));
    }
}

/// Answers from a list, and remembers what it was asked.
struct Answers {
    user: Option<&'static str>,
    password: &'static str,
    asked: Mutex<Vec<ChallengeKind>>,
}

impl Credentials for Answers {
    fn answer(&self, challenges: &[Challenge]) -> Option<Vec<Secret>> {
        let user = self.user?;
        let one = |challenge: &Challenge| {
            self.asked.lock().unwrap().push(challenge.kind);
            let is_user = matches!(challenge.kind, ChallengeKind::User | ChallengeKind::AuthName);
            Secret::new(if is_user { user } else { self.password })
        };
        Some(challenges.iter().map(one).collect())
    }
}

fn login(user: Option<&'static str>, password: &'static str) -> (LinkState, Vec<ChallengeKind>) {
    let file = fleet::locked_file(1);
    let answers = Arc::new(Answers { user, password, asked: Mutex::default() });
    let options = HostOptions { stats_every: None, credentials: Arc::clone(&answers) as Arc<dyn Credentials> };
    let mut watched = Watched::open(&fleet::uri(&file), options);
    watched.until("an answer", |_, kinds| kinds.contains(&"complete") || kinds.contains(&"down"));
    let asked = answers.asked.lock().unwrap().clone();
    (watched.host.link(), asked)
}

#[test]
fn a_login_is_asked_for_and_a_refused_one_waits_for_a_person() {
    let (link, asked) = login(Some("admin"), "secret");
    assert_eq!(link, LinkState::Up);
    assert!(asked.len() == 2 && asked.contains(&ChallengeKind::Passphrase), "{asked:?}");
    for (user, password) in [(Some("admin"), "wrong"), (Some("nobody"), "secret"), (None, "")] {
        let (link, _) = login(user, password);
        let LinkState::Failed { kind, retry_at, .. } = &link else { panic!("{link:?}") };
        assert_eq!((*kind, *retry_at), (FailKind::Login, None));
    }
}
