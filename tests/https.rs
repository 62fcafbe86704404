//! Install trees over HTTPS: trusted is who the system trusts, a company's own authority too.
#![allow(clippy::unwrap_used)]
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

const TREEINFO: &str = "[general]\nfamily = CentOS Stream\nversion = 9\narch = x86_64\n[images-x86_64]\n\
    kernel = images/pxeboot/vmlinuz\ninitrd = images/pxeboot/initrd.img\n";

/// An authority that nobody knows yet.
fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A web server with an install tree, whose certificate this authority has signed; gives back its port.
fn serve(ca: &CertifiedIssuer<'static, KeyPair>) -> u16 {
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, ca).unwrap();
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![own.der().clone()], key.into()).unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("localhost:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let config = Arc::clone(&config);
            // A client that doesn't trust us hangs up: no matter here.
            thread::spawn(move || answer(stream, config));
        }
    });
    port
}

fn answer(stream: TcpStream, config: Arc<ServerConfig>) -> std::io::Result<()> {
    let mut stream = StreamOwned::new(ServerConnection::new(config).map_err(std::io::Error::other)?, stream);
    let mut request = String::new();
    let mut reader = BufReader::new(Read::by_ref(&mut stream));
    reader.read_line(&mut request)?;
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    let (status, body) = match request.split(' ').nth(1).unwrap_or_default() {
        "/tree/.treeinfo" => ("200 OK", TREEINFO),
        path if path.starts_with("/tree/images/pxeboot/") => ("200 OK", "a file"),
        _ => ("404 Not Found", ""),
    };
    let body_sent = if request.starts_with("HEAD") { "" } else { body };
    write!(stream, "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body_sent}", body.len())?;
    stream.conn.send_close_notify();
    stream.flush()
}

fn detect(port: u16, roots: &Path) -> Output {
    let mut droverctl = Command::new(env!("CARGO_BIN_EXE_droverctl"));
    droverctl.env("SSL_CERT_FILE", roots).env_remove("SSL_CERT_DIR");
    for proxy in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        droverctl.env_remove(proxy);
    }
    droverctl.args(["detect", &format!("https://localhost:{port}/tree")]).output().unwrap()
}

#[test]
fn a_companys_own_authority_counts_when_the_system_trusts_it() {
    let (company, other) = (authority("The company"), authority("Somebody else"));
    let port = serve(&company);
    let dir = tempfile::tempdir().unwrap();
    let (known, unknown) = (dir.path().join("company.pem"), dir.path().join("other.pem"));
    fs::write(&known, company.pem()).unwrap();
    fs::write(&unknown, other.pem()).unwrap();

    let out = detect(port, &known);
    let text = String::from_utf8(out.stdout).unwrap();
    assert!(out.status.success() && text.contains("CentOS Stream 9"), "{text}{}", String::from_utf8_lossy(&out.stderr));

    let out = detect(port, &unknown);
    let text = String::from_utf8(out.stderr).unwrap();
    assert_eq!(out.status.code(), Some(1), "{text}");
    assert!(text.contains("certificate"), "it says what is wrong: {text}");
}
