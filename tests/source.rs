//! Install sources against servers in this process: a true NFS server, and hand-made ones that misbehave.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by a panic what went wrong")]
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use drover::Error;
use drover::error::{Odd, SourceError};
use drover::install::Unattended;
use drover::install::detect::{Family, detect};
use drover::install::source::{Location, NfsLocation, nfs, open};
use drover::install::unattended;
use drover::task::Cancel;
use nfs3_server::memfs::{MemFs, MemFsConfig};
use nfs3_server::tcp::{NFSTcp, NFSTcpListener};

const TREEINFO: &str = "[general]\nfamily = Red Hat Enterprise Linux Server\nversion = 5.0\narch = x86_64\n\
    [images-x86_64]\nkernel = images/pxeboot/vmlinuz\ninitrd = images/pxeboot/initrd.img\n";

/// Some bytes that are not all alike, longer than one block.
fn initrd() -> Vec<u8> {
    (0..2_500_000_u32).map(|i| (i % 251) as u8).collect()
}

/// An NFS server with `/soft/rhel5`; its port serves NFS and mounts alike.
fn nfs_server() -> u16 {
    let (send, receive) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
        runtime.block_on(async {
            let mut config = MemFsConfig::default();
            for dir in ["/rhel5", "/rhel5/images", "/rhel5/images/pxeboot"] {
                config.add_dir(dir);
            }
            config.add_file("/rhel5/.treeinfo", TREEINFO.as_bytes());
            config.add_file("/rhel5/images/pxeboot/vmlinuz", b"kernel".as_slice());
            config.add_file("/rhel5/images/pxeboot/initrd.img", initrd());
            config.add_file("/ks.cfg", b"install\n".as_slice());
            let mut server =
                NFSTcpListener::bind("127.0.0.1:0", MemFs::new(config).expect("files")).await.expect("bind");
            server.with_export_name("soft");
            send.send(server.get_listen_port()).expect("port");
            server.handle_forever().await.expect("serve");
        });
    });
    receive.recv().expect("port")
}

fn nfs_at(port: u16, path: &str) -> Location {
    Location::Nfs(NfsLocation { host: "localhost".into(), port: Some(port), mount_port: Some(port), path: path.into() })
}

fn source_error<T: std::fmt::Debug>(result: Result<T, Error>) -> SourceError {
    match result {
        Err(Error::Source(e)) => e,
        other => panic!("{other:?}"),
    }
}

#[test]
fn nfs_lists_reads_and_fetches() {
    let port = nfs_server();
    let cancel = Cancel::default();
    assert_eq!(nfs::exports("localhost", Some(port), &cancel).expect("exports"), ["/soft"]);

    let mut tree = open(&nfs_at(port, "/soft"), &cancel).expect("open");
    let entries = tree.list("").expect("list");
    let names: Vec<(&str, bool)> = entries.iter().map(|entry| (entry.name.as_str(), entry.is_dir)).collect();
    assert_eq!(names, [("ks.cfg", false), ("rhel5", true)]);
    assert_eq!(tree.read("ks.cfg", 100).expect("read"), Some(b"install\n".to_vec()));
    assert!(matches!(tree.read("ks.cfg", 3), Err(SourceError::TooLarge { limit: 3, .. })));
    assert_eq!(tree.read("none.cfg", 100).expect("read"), None);
    assert_eq!(tree.read("../ks.cfg", 100).expect("read"), None);
    assert_eq!(tree.stat("rhel5").expect("stat"), None, "a folder is no file");
    assert!(matches!(tree.list("none"), Err(SourceError::NotFound(_))));

    let (mut got, mut steps) = (Vec::new(), Vec::new());
    let path = "rhel5/images/pxeboot/initrd.img";
    let size = tree.fetch(path, &mut got, &mut |done, total| steps.push((done, total)), &cancel).expect("fetch");
    assert_eq!((size, got), (2_500_000, initrd()));
    assert!(steps.len() > 1 && steps.is_sorted());
    assert_eq!(steps.last(), Some(&(2_500_000, Some(2_500_000))));
}

#[test]
fn nfs_is_detected() {
    let port = nfs_server();
    let found = detect(&nfs_at(port, "/soft/rhel5"), &Cancel::default()).expect("detect");
    assert_eq!((found.family, found.os.as_str()), (Family::RedHat, "Red Hat Enterprise Linux Server 5.0"));
    assert_eq!((found.kernel_size, found.initrd_size), (Some(6), Some(2_500_000)));
}

#[test]
fn nfs_names_what_is_not_there() {
    let port = nfs_server();
    let cancel = Cancel::default();
    match source_error(open(&nfs_at(port, "/hard/rhel5"), &cancel).map(|_| ())) {
        SourceError::NoExport { offered, .. } => assert_eq!(offered, ["/soft"]),
        other => panic!("{other:?}"),
    }
    let missing = source_error(open(&nfs_at(port, "/soft/none"), &cancel).map(|_| ()));
    assert!(matches!(missing, SourceError::NotFound(_)), "{missing:?}");
    let mut tree = open(&nfs_at(port, "/soft/rhel5"), &cancel).expect("open");
    let missing = source_error(tree.fetch("none", &mut Vec::new(), &mut |_, _| {}, &cancel));
    assert!(matches!(missing, SourceError::NotFound(_)), "{missing:?}");
}

#[test]
fn nfs_fetch_stops_between_blocks() {
    let port = nfs_server();
    let cancel = Cancel::default();
    let mut tree = open(&nfs_at(port, "/soft/rhel5"), &cancel).expect("open");
    let mut got = Vec::new();
    let stop = |_, _| cancel.cancel();
    let result = tree.fetch("images/pxeboot/initrd.img", &mut got, &mut { stop }, &cancel);
    assert!(matches!(result, Err(Error::Cancelled)), "{result:?}");
    assert!(got.len() < 2_500_000);
}

#[test]
fn unattended_files_are_read_where_they_lie() {
    let port = nfs_server();
    let web = web(|path| if path == "/ks.php?mac=1" { ok(b"install\n") } else { None });
    let cancel = Cancel::default();
    for url in
        [format!("nfs://localhost:{port}/soft/ks.cfg?mountport={port}"), format!("http://127.0.0.1:{web}/ks.php?mac=1")]
    {
        let checked =
            unattended::check(&Unattended::Url(url.clone()), Family::RedHat, &cancel).expect(&url).expect("read");
        assert_eq!(checked.lines, 1, "{url}");
    }
    for url in
        [format!("nfs://localhost:{port}/soft/no.cfg?mountport={port}"), format!("http://127.0.0.1:{web}/no.cfg")]
    {
        let error = source_error(unattended::check(&Unattended::Url(url.clone()), Family::RedHat, &cancel));
        assert_eq!(error, SourceError::NotFound(url));
    }
}

/// A disk that is full.
struct Full;

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::StorageFull.into())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_is_no_fault_of_the_source() {
    let port = nfs_server();
    let cancel = Cancel::default();
    let mut tree = open(&nfs_at(port, "/soft/rhel5"), &cancel).expect("open");
    let result = tree.fetch("images/pxeboot/vmlinuz", &mut Full, &mut |_, _| {}, &cancel);
    assert!(matches!(result, Err(Error::File { .. })), "{result:?}");
}

/// Accepts and handles each connection in its own thread.
fn listen(handle: impl Fn(TcpStream) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    let port = listener.local_addr().expect("address").port();
    let handle = Arc::new(handle);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let handle = Arc::clone(&handle);
            thread::spawn(move || handle(stream));
        }
    });
    port
}

fn silent() -> u16 {
    listen(|mut stream| {
        let _ = stream.read_to_end(&mut Vec::new());
    })
}

/// A port at which nothing listens.
fn closed() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("bind").local_addr().expect("address").port()
}

#[test]
fn a_cancel_ends_the_wait_for_a_silent_server_at_once() {
    let port = silent();
    for location in [nfs_at(port, "/soft"), Location::Http(format!("http://127.0.0.1:{port}/tree"))] {
        let cancel = Cancel::default();
        let button = cancel.clone();
        thread::spawn(move || {
            thread::sleep(Duration::from_millis(200));
            button.cancel();
        });
        let since = Instant::now();
        let result = open(&location, &cancel).map(|_| ());
        assert!(matches!(result, Err(Error::Cancelled)), "{location}: {result:?}");
        assert!(since.elapsed() < Duration::from_secs(1), "{location}: {:?}", since.elapsed());
    }
}

#[test]
fn nothing_listens() {
    let port = closed();
    for location in [nfs_at(port, "/soft"), Location::Http(format!("http://127.0.0.1:{port}/tree"))] {
        let error = source_error(open(&location, &Cancel::default()).map(|_| ()));
        assert!(matches!(error, SourceError::NoAnswer { .. }), "{location}: {error:?}");
    }
}

#[test]
fn an_unknown_name() {
    let nfs = NfsLocation { host: "no-such-host.invalid".into(), port: None, mount_port: None, path: "/x".into() };
    for location in [Location::Nfs(nfs), Location::Http("http://no-such-host.invalid/x".into())] {
        let error = source_error(open(&location, &Cancel::default()).map(|_| ()));
        assert!(matches!(error, SourceError::UnknownServer(_)), "{location}: {error:?}");
    }
}

/// Relays to a port, and closes everything for good after so many bytes of answers.
fn relay_that_dies(port: u16, after: usize) -> u16 {
    let left = Arc::new(Mutex::new(after));
    listen(move |stream| {
        if *left.lock().expect("lock") == 0 {
            return;
        }
        let server = TcpStream::connect(("127.0.0.1", port)).expect("server");
        let (mut from, mut to) = (stream.try_clone().expect("clone"), server.try_clone().expect("clone"));
        thread::spawn(move || std::io::copy(&mut from, &mut to));
        let (mut server, mut stream, mut block) = (server, stream, vec![0; 4096]);
        while let Ok(n) = server.read(&mut block) {
            let mut left = left.lock().expect("lock");
            *left = left.saturating_sub(n);
            if *left == 0 || n == 0 || stream.write_all(&block[..n]).is_err() {
                break;
            }
        }
        let _ = stream.shutdown(std::net::Shutdown::Both);
    })
}

#[test]
fn an_nfs_server_gone_in_mid_fetch_is_an_error_and_no_hang() {
    let port = relay_that_dies(nfs_server(), 1_500_000);
    let cancel = Cancel::default();
    let mut tree = open(&nfs_at(port, "/soft/rhel5"), &cancel).expect("open");
    let mut got = Vec::new();
    let error = source_error(tree.fetch("images/pxeboot/initrd.img", &mut got, &mut |_, _| {}, &cancel));
    assert!(matches!(error, SourceError::NoAnswer { .. }), "{error:?}");
    assert!(!got.is_empty() && got.len() < 2_500_000, "{}", got.len());
}

#[test]
fn a_reply_of_gigabytes_is_refused() {
    let port = listen(|mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(&[0xff, 0xff, 0xff, 0xf0, 0, 0, 0, 0]);
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let error = source_error(nfs::exports("127.0.0.1", Some(port), &Cancel::default()));
    assert!(matches!(&error, SourceError::Protocol { reason: Odd::Reply(n), .. } if *n > 0x7fff_0000), "{error:?}");
}

/// A web server that answers each path with the given head and body.
fn web(answer: impl Fn(&str) -> Option<(String, Vec<u8>)> + Send + Sync + 'static) -> u16 {
    listen(move |mut stream| {
        let mut request = Vec::new();
        let mut byte = [0];
        while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|n| n == 1) {
            request.push(byte[0]);
        }
        let request = String::from_utf8_lossy(&request).into_owned();
        let mut words = request.split(' ');
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let (head, body) =
            answer(path).unwrap_or_else(|| ("404 Not Found\r\nContent-Length: 4".into(), b"none".to_vec()));
        let _ = stream.write_all(format!("HTTP/1.1 {head}\r\nConnection: close\r\n\r\n").as_bytes());
        if method != "HEAD" {
            let _ = stream.write_all(&body);
        }
    })
}

fn ok(body: &[u8]) -> Option<(String, Vec<u8>)> {
    Some((format!("200 OK\r\nContent-Length: {}", body.len()), body.to_vec()))
}

#[test]
fn http_reads_fetches_and_detects() {
    let port = web(|path| match path {
        "/t/.treeinfo" => ok(TREEINFO.as_bytes()),
        "/t/images/pxeboot/vmlinuz" => ok(b"kernel"),
        "/t/images/pxeboot/initrd.img" => ok(&initrd()),
        "/t/a%20b" => ok(b"space"),
        "/t/gz" => Some(("200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3".into(), b"raw".to_vec())),
        "/t/old" => Some(("302 Found\r\nLocation: a%20b\r\nContent-Length: 0".into(), Vec::new())),
        "/t/round" => Some(("302 Found\r\nLocation: round\r\nContent-Length: 0".into(), Vec::new())),
        "/t/secret" => Some(("403 Forbidden\r\nContent-Length: 0".into(), Vec::new())),
        "/t/broken" => Some(("503 Service Unavailable\r\nContent-Length: 0".into(), Vec::new())),
        _ => None,
    });
    let location: Location = format!("http://127.0.0.1:{port}/t/").parse().expect("location");
    let cancel = Cancel::default();
    let found = detect(&location, &cancel).expect("detect");
    assert_eq!((found.kernel_size, found.initrd_size), (Some(6), Some(2_500_000)));
    assert_eq!(found.repo_args, [format!("method=http://127.0.0.1:{port}/t")]);

    let mut tree = open(&location, &cancel).expect("open");
    assert_eq!(tree.read("a b", 9).expect("read"), Some(b"space".to_vec()));
    assert_eq!(tree.read("old", 9).expect("redirect"), Some(b"space".to_vec()));
    assert_eq!(tree.read("gz", 9).expect("as it is"), Some(b"raw".to_vec()));
    assert_eq!(tree.read("none", 9).expect("read"), None);
    assert!(matches!(tree.read("a b", 2), Err(SourceError::TooLarge { .. })));
    assert!(matches!(tree.read("round", 9), Err(SourceError::Protocol { .. })));
    assert!(matches!(tree.read("secret", 9), Err(SourceError::Forbidden(_))));
    let broken = tree.read("broken", 9).expect_err("503").to_string();
    assert!(broken.contains("503 Service Unavailable"), "{broken}");
    let mut got = Vec::new();
    tree.fetch("images/pxeboot/initrd.img", &mut got, &mut |_, _| {}, &cancel).expect("fetch");
    assert_eq!(got, initrd());
}

#[test]
fn a_cut_off_http_body_says_how_much_came() {
    let port = web(|path| (path == "/t/initrd").then(|| ("200 OK\r\nContent-Length: 1000".into(), vec![7; 400])));
    let mut tree = open(&Location::Http(format!("http://127.0.0.1:{port}/t")), &Cancel::default()).expect("open");
    let error = source_error(tree.fetch("initrd", &mut Vec::new(), &mut |_, _| {}, &Cancel::default()));
    assert!(matches!(error, SourceError::Truncated { got: 400, want: 1000, .. }), "{error:?}");
}

#[test]
fn a_folder_here() {
    let folder = tempfile::tempdir().expect("folder");
    std::fs::create_dir_all(folder.path().join("images/pxeboot")).expect("create");
    for (path, content) in
        [(".treeinfo", TREEINFO), ("images/pxeboot/vmlinuz", "k"), ("images/pxeboot/initrd.img", "i")]
    {
        std::fs::write(folder.path().join(path), content).expect("write");
    }
    let location = Location::Dir(folder.path().into());
    let found = detect(&location, &Cancel::default()).expect("detect");
    assert_eq!((found.kernel_size, found.repo_args.len()), (Some(1), 0));
    let mut tree = open(&location, &Cancel::default()).expect("open");
    assert_eq!(tree.list("images").expect("list").len(), 1);
    assert_eq!(tree.read("../etc/passwd", 9).expect("read"), None);
    let gone = source_error(open(&Location::Dir(folder.path().join("none")), &Cancel::default()).map(|_| ()));
    assert!(matches!(gone, SourceError::NotFound(_)), "{gone:?}");
}
