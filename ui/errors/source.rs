//! Why an install source can't be read, translated.
use drover::error::{Absent, Expected, Lack, Odd, Silence, SourceError};

use super::location::location;
use crate::i18n::{gettext, gettext_f};

/// The sentence under the source's field, with its remedy.
pub fn source(e: &SourceError) -> String {
    match e {
        SourceError::Location { text, reason } => {
            gettext_f("“{text}” is no install location: {reason}", &[("text", text), ("reason", &location(reason))])
        }
        SourceError::UnknownServer(server) => {
            gettext_f("The server “{server}” is not known; check its name, or use its address", &[("server", server)])
        }
        SourceError::NoAnswer { server, reason } => {
            gettext_f("{server} does not answer: {reason}", &[("server", server), ("reason", &silence(reason))])
        }
        SourceError::Timeout(server) => gettext_f("{server} stopped answering; try again", &[("server", server)]),
        SourceError::NfsSecure { server, export } => gettext_f(
            "{server} refuses {export} to ordinary users: the export has the option “secure”. On the server, add “insecure” to its options in /etc/exports and run exportfs -ra",
            &[("server", server), ("export", export)],
        ),
        SourceError::NoExport { server, export, offered } => {
            let offered = if offered.is_empty() { gettext("nothing") } else { offered.join(", ") };
            let values = [("server", server.as_str()), ("export", export.as_str()), ("offered", offered.as_str())];
            gettext_f("{server} has no export “{export}”; it offers {offered}", &values)
        }
        SourceError::NotFound(name) => gettext_f("{name} is not there", &[("name", name)]),
        SourceError::Forbidden(name) => {
            gettext_f("{name}: permission denied; let everybody read it, or choose another place", &[("name", name)])
        }
        SourceError::Truncated { name, got, want } => gettext_f(
            "{name} is cut off: {got} of {want} bytes arrived; try again, or copy it into the tree anew",
            &[("name", name), ("got", &got.to_string()), ("want", &want.to_string())],
        ),
        SourceError::Damaged { name, expected } => damaged(name, *expected),
        SourceError::TooLarge { name, limit } => {
            gettext_f("{name} is larger than {limit} bytes", &[("name", name), ("limit", &limit.to_string())])
        }
        SourceError::NothingInstallable { location, looked_for } => gettext_f(
            "Nothing installable at {location}: {looked_for}",
            &[("location", location), ("looked_for", &lack(looked_for))],
        ),
        SourceError::Protocol { server, reason } => {
            gettext_f("{server}: {reason}", &[("server", server), ("reason", &odd(reason))])
        }
    }
}

fn silence(silence: &Silence) -> String {
    match silence {
        Silence::Within(seconds) => gettext_f("no answer within {n} s", &[("n", &seconds.to_string())]),
        Silence::NoConnection => gettext("no connection"),
        Silence::Refused => gettext("nothing listens there (connection refused)"),
        Silence::Port(port) => gettext_f("nothing listens on port {port}", &[("port", &port.to_string())]),
        Silence::NoPortmapper { server } => gettext_f(
            "no portmapper (rpcbind) listens on port 111; if it is off on purpose, name the ports: nfs://{server}:2049/PATH?mountport=20048",
            &[("server", server)],
        ),
        Silence::Closed => gettext("the server closed the connection"),
        Silence::System(words) => words.clone(),
    }
}

fn damaged(name: &str, expected: Expected) -> String {
    let named = [("name", name)];
    match expected {
        Expected::File => gettext_f("{name} is no file", &named),
        Expected::Folder => gettext_f("{name} is no folder", &named),
        Expected::Kernel => gettext_f("{name} is damaged, or no Linux kernel; copy it into the tree anew", &named),
        Expected::Initrd => {
            gettext_f("{name} is damaged, or no initial RAM disk (initrd); copy it into the tree anew", &named)
        }
        Expected::InitrdForFiles => {
            gettext_f("{name} is no initial RAM disk (initrd) that can take files; offer the file by URL", &named)
        }
    }
}

fn lack(lack: &Lack) -> String {
    match lack {
        Lack::Everything => gettext(
            "there is no .treeinfo or treeinfo (Red Hat and kin), no images/pxeboot/vmlinuz, and no dists/…/main/installer-… or netboot/ (Debian and kin)",
        ),
        Lack::Half(file) => gettext_f("half of its kernel and initrd is not there: {file}", &[("file", &absent(file))]),
        Lack::NoNames { treeinfo } => gettext_f("its {treeinfo} names no kernel and initrd", &[("treeinfo", treeinfo)]),
        Lack::Files { treeinfo, files } => gettext_f(
            "its {treeinfo} names files that are not there: {files}",
            &[("treeinfo", treeinfo), ("files", &files.iter().map(absent).collect::<Vec<_>>().join(", "))],
        ),
    }
}

fn absent(file: &Absent) -> String {
    if file.empty { gettext_f("{path} (it is empty)", &[("path", &file.path)]) } else { file.path.clone() }
}

fn odd(odd: &Odd) -> String {
    match odd {
        Odd::Status { url, status } => {
            gettext_f("{url}: it answered with status {status}", &[("url", url), ("status", status)])
        }
        Odd::Redirects => gettext("more than 5 redirects"),
        Odd::Certificate(why) => gettext_f(
            "its certificate is not trusted ({why}). If your company's own authority has signed it, add that authority to this computer's certificates, or name its file in SSL_CERT_FILE",
            &[("why", why)],
        ),
        Odd::NoTls => gettext("it speaks no HTTPS on this port; try http://"),
        Odd::NoListing => gettext("HTTP can't list folders; type the path"),
        Odd::NoMountService => gettext("it runs no mount service for NFS version 3 over TCP"),
        Odd::NoNfsServer => gettext("it runs no NFS server for NFS version 3 over TCP"),
        Odd::Links(name) => gettext_f("“{name}”: too many symbolic links", &[("name", name)]),
        Odd::LinkOutside { name, target, export } => gettext_f(
            "“{name}” is a link to {target}, which lies outside the export {export}",
            &[("name", name), ("target", target), ("export", export)],
        ),
        Odd::LinkNotUtf8(name) => gettext_f("“{name}” is a link to no UTF-8 path", &[("name", name)]),
        Odd::Listing { entries, name } => {
            gettext_f("a listing that can't be: {n} entries, “{name}”", &[("n", &entries.to_string()), ("name", name)])
        }
        Odd::EndlessListing => gettext("a listing without an end"),
        Odd::TooMuch(name) => gettext_f("more of {name} than was asked for", &[("name", name)]),
        Odd::TooLittle(name) => gettext_f("nothing of {name} before its end", &[("name", name)]),
        Odd::Replaced(name) => gettext_f("{name} was replaced while it was read; try again", &[("name", name)]),
        Odd::Nfs { name, status } => {
            gettext_f("the server refuses {name} ({status})", &[("name", name), ("status", status)])
        }
        Odd::Reply(size) => gettext_f("a reply of {n} bytes", &[("n", &size.to_string())]),
        Odd::Said(words) => gettext_f("it reports: {words}", &[("words", words)]),
    }
}
