//! An HTTP or HTTPS install tree. Each transfer runs on its own thread, which a cancel or a silent server leaves behind:
//! it ends by its own limits, and nobody waits for it.
use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use ureq::Agent;
use ureq::config::AutoHeaderValue;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use super::location::encode;
use super::wait::{LIMIT, POLL};
use super::{Entry, Tree, in_words, parts, without_cancel, write_failed};
use crate::error::{Odd, Silence, SourceError};
use crate::secret::hidden;
use crate::task::Cancel;
use crate::{Error, Result};

const CONNECT: Duration = Duration::from_secs(10);
/// An abandoned transfer of a server that sends a byte now and then ends after this.
const WHOLE_BODY: Duration = Duration::from_secs(3600);
const BLOCK: usize = 256 << 10;
/// Blocks on their way between the two threads.
const AHEAD: usize = 4;

/// A folder at a web server.
pub struct HttpTree {
    agent: Agent,
    /// Without a slash at its end.
    base: String,
    server: String,
    cancel: Cancel,
}

/// What a transfer's thread tells, in this order.
enum Told {
    /// Whether the file is there, and its announced size.
    Head(Option<Option<u64>>),
    Block(Vec<u8>),
    End,
    Failed(SourceError),
}

/// What is asked of the server.
#[derive(Clone, Copy, PartialEq)]
enum Ask {
    Head,
    Content,
}

impl HttpTree {
    /// Asks the server for the folder itself, to see that it answers; whatever status it gives is an answer.
    pub fn open(url: &str, cancel: &Cancel) -> Result<Self> {
        let base = url.trim_end_matches('/').to_owned();
        let tree = Self { agent: agent(), server: server_of(url), base, cancel: cancel.clone() };
        match tree.transfer("", Ask::Head, cancel)?.next() {
            Err(Error::Source(SourceError::Forbidden(_) | SourceError::Protocol { .. })) => Ok(tree),
            other => other.map(|_| tree),
        }
    }

    fn url(&self, path: &str) -> Result<String, SourceError> {
        Ok(format!("{}/{}", self.base, encode(parts(path)?.join("/").as_bytes())))
    }

    fn transfer<'a>(&self, path: &str, ask: Ask, cancel: &'a Cancel) -> Result<Transfer<'a>> {
        Ok(transfer(&self.agent, self.url(path)?, ask, cancel))
    }
}

/// A file by its URL, which may have a query. `None` if it is not there; at most `limit` bytes.
pub(crate) fn read_url(url: &str, limit: u64, cancel: &Cancel) -> Result<Option<Vec<u8>>> {
    gather(&transfer(&agent(), url.to_owned(), Ask::Content, cancel), &hidden(url), limit)
}

fn transfer<'a>(agent: &Agent, url: String, ask: Ask, cancel: &'a Cancel) -> Transfer<'a> {
    let (send, receive) = sync_channel(AHEAD);
    let server = server_of(&url);
    let (agent, name) = (agent.clone(), server.clone());
    std::thread::spawn(move || run(&agent, &url, &name, ask, &send));
    Transfer { receive, cancel, server }
}

/// Host and port of a URL, without a password.
fn server_of(url: &str) -> String {
    let authority = url.split('/').nth(2).unwrap_or(url);
    authority.rsplit_once('@').map_or(authority, |(_, host)| host).to_owned()
}

fn gather(transfer: &Transfer, name: &str, limit: u64) -> Result<Option<Vec<u8>>> {
    let mut content = Vec::new();
    let mut take = |block: Vec<u8>| {
        content.extend_from_slice(&block);
        match content.len() as u64 > limit {
            true => Err(SourceError::TooLarge { name: name.into(), limit }.into()),
            false => Ok(()),
        }
    };
    let got = transfer.copy(name, &mut take, &mut |_, _| {})?;
    Ok(got.map(|_| content))
}

/// The receiving end.
struct Transfer<'a> {
    receive: Receiver<Told>,
    cancel: &'a Cancel,
    server: String,
}

impl Transfer<'_> {
    fn next(&self) -> Result<Told> {
        let since = Instant::now();
        loop {
            self.cancel.check()?;
            match self.receive.recv_timeout(POLL) {
                Ok(Told::Failed(e)) => return Err(e.into()),
                Ok(told) => return Ok(told),
                Err(RecvTimeoutError::Timeout) if since.elapsed() < LIMIT => {}
                Err(_) => return Err(SourceError::Timeout(self.server.clone()).into()),
            }
        }
    }

    /// The bytes copied; `None` if the file is not there.
    fn copy(
        &self,
        name: &str,
        out: &mut dyn FnMut(Vec<u8>) -> Result<()>,
        on: &mut dyn FnMut(u64, Option<u64>),
    ) -> Result<Option<u64>> {
        let Told::Head(Some(size)) = self.next()? else { return Ok(None) };
        let mut done = 0;
        while let Told::Block(block) = self.next()? {
            done += block.len() as u64;
            out(block)?;
            on(done, size);
        }
        match size {
            Some(want) if done < want => Err(SourceError::Truncated { name: name.into(), got: done, want }.into()),
            _ => Ok(Some(done)),
        }
    }
}

fn agent() -> Agent {
    Agent::config_builder()
        .tls_config(TlsConfig::builder().root_certs(trusted()).build())
        .timeout_connect(Some(CONNECT))
        .timeout_resolve(Some(CONNECT))
        .timeout_recv_response(Some(LIMIT))
        .timeout_recv_body(Some(WHOLE_BODY))
        .max_redirects(5)
        .http_status_as_error(false)
        // An initrd is compressed as it is; a server must not say so of its own accord.
        .accept_encoding(AutoHeaderValue::None)
        .user_agent(concat!("drover/", env!("CARGO_PKG_VERSION")))
        .build()
        .into()
}

/// Whom this computer trusts, a company's own authority too; `SSL_CERT_FILE` and `SSL_CERT_DIR` are heeded. Mozilla's list
/// where the computer has none. Read once.
fn trusted() -> RootCerts {
    static ROOTS: OnceLock<RootCerts> = OnceLock::new();
    let read = || {
        let found = rustls_native_certs::load_native_certs();
        for e in &found.errors {
            tracing::warn!("some of this computer's certificates can't be read: {e}");
        }
        let certs: Vec<_> = found.certs.iter().map(|c| Certificate::from_der(c).to_owned()).collect();
        if certs.is_empty() { RootCerts::WebPki } else { RootCerts::Specific(Arc::new(certs)) }
    };
    ROOTS.get_or_init(read).clone()
}

/// One request, on its own thread. A receiver that is gone ends it.
fn run(agent: &Agent, url: &str, server: &str, ask: Ask, send: &SyncSender<Told>) {
    let told = exchange(agent, url, server, ask, send).unwrap_or_else(Told::Failed);
    let _ = send.send(told);
}

fn exchange(agent: &Agent, url: &str, server: &str, ask: Ask, send: &SyncSender<Told>) -> Result<Told, SourceError> {
    let failed = |e| failure(server, e);
    let mut response = match ask {
        Ask::Head => agent.head(url).call().map_err(failed)?,
        Ask::Content => agent.get(url).call().map_err(failed)?,
    };
    let status = response.status().as_u16();
    if ask == Ask::Head && matches!(status, 405 | 501) {
        response = agent.get(url).call().map_err(failed)?;
    }
    match response.status().as_u16() {
        200 => {}
        404 | 410 => return Ok(Told::Head(None)),
        401 | 403 | 407 => return Err(SourceError::Forbidden(hidden(url))),
        _ => {
            let reason = Odd::Status { url: hidden(url), status: response.status().to_string() };
            return Err(SourceError::Protocol { server: server.into(), reason });
        }
    }
    let length = response
        .headers()
        .get("content-length")
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse().ok());
    if ask == Ask::Head || send.send(Told::Head(Some(length))).is_err() {
        return Ok(Told::Head(Some(length)));
    }
    let mut body = response.into_body().into_reader();
    let mut got = 0;
    let mut block = vec![0; BLOCK];
    loop {
        match (body.read(&mut block), length) {
            (Ok(0), _) => return Ok(Told::End),
            (Ok(n), _) => {
                got += n as u64;
                if send.send(Told::Block(block[..n].to_vec())).is_err() {
                    return Ok(Told::End);
                }
            }
            (Err(_), Some(want)) if got < want => return Err(SourceError::Truncated { name: hidden(url), got, want }),
            (Err(e), _) => return Err(failure(server, ureq::Error::Io(e))),
        }
    }
}

fn failure(server: &str, e: ureq::Error) -> SourceError {
    let server = server.to_owned();
    match e {
        ureq::Error::HostNotFound => SourceError::UnknownServer(server),
        ureq::Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve) => {
            SourceError::NoAnswer { server, reason: Silence::Within(CONNECT.as_secs()) }
        }
        ureq::Error::Timeout(_) => SourceError::Timeout(server),
        ureq::Error::ConnectionFailed => SourceError::NoAnswer { server, reason: Silence::NoConnection },
        ureq::Error::Io(e) if e.kind() == std::io::ErrorKind::ConnectionRefused => {
            SourceError::NoAnswer { server, reason: Silence::Refused }
        }
        // The standard library has no kind for the resolver's errors.
        ureq::Error::Io(e) if e.to_string().starts_with("failed to lookup address") => {
            SourceError::UnknownServer(server)
        }
        ureq::Error::Io(e) => SourceError::NoAnswer { server, reason: Silence::System(in_words(&e)) },
        ureq::Error::TooManyRedirects => SourceError::Protocol { server, reason: Odd::Redirects },
        other => SourceError::Protocol { server, reason: Odd::Said(hidden(&other.to_string())) },
    }
}

impl Tree for HttpTree {
    fn read(&mut self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, SourceError> {
        let transfer = self.transfer(path, Ask::Content, &self.cancel);
        let got = transfer.and_then(|transfer| gather(&transfer, path, limit));
        not_there(got).map_err(|e| without_cancel(e, &self.server))
    }

    fn stat(&mut self, path: &str) -> Result<Option<Option<u64>>, SourceError> {
        let told = self.transfer(path, Ask::Head, &self.cancel).and_then(|transfer| transfer.next());
        match told {
            Ok(Told::Head(size)) => Ok(size),
            Ok(_) => Ok(None),
            Err(e) => not_there(Err(e)).map_err(|e| without_cancel(e, &self.server)),
        }
    }

    fn fetch(
        &mut self,
        path: &str,
        out: &mut dyn Write,
        on: &mut dyn FnMut(u64, Option<u64>),
        cancel: &Cancel,
    ) -> Result<u64> {
        let mut write = |block: Vec<u8>| out.write_all(&block).map_err(|e| write_failed(path, e));
        let got = self.transfer(path, Ask::Content, cancel)?.copy(path, &mut write, on)?;
        got.ok_or_else(|| SourceError::NotFound(hidden(&format!("{}/{path}", self.base))).into())
    }

    fn list(&mut self, _: &str) -> Result<Vec<Entry>, SourceError> {
        Err(SourceError::Protocol { server: self.server.clone(), reason: Odd::NoListing })
    }
}

/// A path that can't be one in a tree is not there.
fn not_there<T>(result: Result<Option<T>>) -> Result<Option<T>> {
    match result {
        Err(Error::Source(SourceError::NotFound(_))) => Ok(None),
        other => other,
    }
}
