//! What the host can say against a request beforehand, field by field.
use virt::connect::Connect;

use crate::finding::{Field, Finding, Reason};
use crate::host::Host;
use crate::install::capabilities::Capabilities;
use crate::install::detect::Detected;
use crate::install::{Disk, Network, Request, VirtChoice, unattended};
use crate::storage::{self, Folder, FolderProblem, Look, NoPool};
use crate::{Result, network};

const GIB: f64 = 1024.0 * 1024.0 * 1024.0;

/// Checks everything that the host can answer beforehand; an empty list means: can go. Cheap enough to run at each change
/// of a page (one call to the host); `detected` is `None` while no source was read yet.
pub fn check(host: &Host, request: &Request, detected: Option<&Detected>) -> Result<Vec<Finding>> {
    let (request, detected) = (request.clone(), detected.cloned());
    host.call(move |conn| {
        let mut check = Check { conn, host: conn.hostname()?, request: &request, findings: Vec::new() };
        check.name();
        check.virt(detected.as_ref())?;
        check.memory(detected.as_ref())?;
        check.disk()?;
        check.network()?;
        check.mac()?;
        check.answers();
        Ok(check.findings)
    })
}

struct Check<'a> {
    conn: &'a Connect,
    host: String,
    request: &'a Request,
    findings: Vec<Finding>,
}

impl Check<'_> {
    fn block(&mut self, field: Field, reason: Reason) {
        self.findings.push(Finding::block(field, reason));
    }

    fn answers(&mut self) {
        let named = unattended::named(self.request);
        if named.len() > 1 {
            self.block(Field::Unattended, Reason::SeveralAnswers { named });
        }
    }

    fn name(&mut self) {
        let name = &self.request.name;
        if let Some(reason) = bad_name(name) {
            self.block(Field::Name, reason);
        } else if self.conn.lookup_domain_by_name(name).is_ok() {
            let taken = Reason::NameTaken { host: self.host.clone(), name: name.clone() };
            self.block(Field::Name, taken);
        }
    }

    /// The kind of virtualisation, and with it the number of CPUs.
    fn virt(&mut self, detected: Option<&Detected>) -> Result<()> {
        let caps = Capabilities::read(self.conn)?;
        let arch = detected.and_then(|d| d.arch.as_deref());
        let asked = self.request.vcpus;
        if asked == 0 {
            self.block(Field::Vcpus, Reason::Zero);
        }
        match caps.choose(self.request.virt, arch, &self.host) {
            Ok(chosen) => {
                if chosen.slow && self.request.virt == VirtChoice::Auto {
                    let slow = Reason::NoKvm { host: self.host.clone() };
                    self.findings.push(Finding::warn(Field::VirtType, slow));
                }
                // Xen's driver wants no type; a driver that has no limit to tell sets none.
                let limit = self.conn.max_vcpus(Some(&chosen.virt.domain_type)).or_else(|_| self.conn.max_vcpus(None));
                if let Ok(limit) = limit
                    && asked > limit
                {
                    self.block(Field::Vcpus, Reason::TooManyVcpus { host: self.host.clone(), asked, limit });
                }
            }
            Err(reason) => self.block(Field::VirtType, reason),
        }
        Ok(())
    }

    fn memory(&mut self, detected: Option<&Detected>) -> Result<()> {
        let asked = self.request.memory_mib;
        let have = self.conn.node_info()?.memory / 1024;
        if asked == 0 {
            self.block(Field::Memory, Reason::Zero);
        } else if asked > have {
            self.block(Field::Memory, Reason::MemoryAboveHost { host: self.host.clone(), asked, have });
        } else if let Some(minimum) = detected.map(|d| d.minimum_memory_mib)
            && asked < minimum
        {
            self.findings.push(Finding::warn(Field::Memory, Reason::MemoryBelowMinimum { asked, minimum }));
        }
        Ok(())
    }

    fn disk(&mut self) -> Result<()> {
        let path = match &self.request.disk {
            Disk::None => return Ok(()),
            Disk::New { path, .. } | Disk::Existing { path } => path.clone(),
        };
        let Ok((folder, file)) = storage::split(&path) else {
            self.block(Field::DiskPath, Reason::PathNotAbsolute);
            return Ok(());
        };
        if let Disk::Existing { .. } = self.request.disk {
            return self.existing_disk(&path);
        }
        match storage::look(self.conn, folder) {
            Look::Here(here) if here.names.iter().any(|n| n == file) => self.taken_path(&path)?,
            Look::Here(here) => {
                match storage::can_write(self.conn, folder) {
                    Ok(()) => {}
                    Err(NoPool::Folder(problem)) => self.folder(folder, problem),
                    Err(NoPool::Other(e)) => self.block(Field::DiskPath, Reason::Host(e.cause().to_string())),
                }
                self.room(folder, &here);
            }
            Look::No(problem) => self.folder(folder, problem),
            Look::Unknown(words) => self.block(Field::DiskPath, Reason::Host(words)),
        }
        Ok(())
    }

    fn folder(&mut self, folder: &str, problem: FolderProblem) {
        let (host, folder) = (self.host.clone(), folder.to_owned());
        let reason = match problem {
            FolderProblem::Missing | FolderProblem::NotFolder => Reason::NoFolder { host, folder },
            FolderProblem::Denied(reason) => Reason::NotWritable { host, folder, reason },
            FolderProblem::Kernels => Reason::KernelFolder { folder },
        };
        self.block(Field::DiskPath, reason);
    }

    fn taken_path(&mut self, path: &str) -> Result<()> {
        let (host, path) = (self.host.clone(), path.to_owned());
        let reason = match storage::domain_using_path(self.conn, &path)? {
            Some(domain) => Reason::DiskInUse { host, path, domain },
            None => Reason::DiskExists { host, path },
        };
        self.block(Field::DiskPath, reason);
        Ok(())
    }

    fn existing_disk(&mut self, path: &str) -> Result<()> {
        let (host, text) = (self.host.clone(), path.to_owned());
        if storage::exists(self.conn, path) == Some(false) {
            self.block(Field::DiskPath, Reason::DiskMissing { host, path: text });
        } else if let Some(domain) = storage::domain_using_path(self.conn, path)? {
            self.block(Field::DiskPath, Reason::DiskInUse { host, path: text, domain });
        }
        Ok(())
    }

    /// An image that grows may outgrow the folder later: that is worth a word, not a refusal.
    fn room(&mut self, folder: &str, here: &Folder) {
        let Disk::New { size_gib, sparse, .. } = self.request.disk else { return };
        if !size_gib.is_finite() || size_gib <= 0.0 {
            return self.block(Field::DiskSize, Reason::Zero);
        }
        // Precision beyond 2^53 bytes is no matter here.
        #[allow(clippy::cast_precision_loss)]
        let Some(free_gib) = here.free.map(|f| f as f64 / GIB) else { return };
        if size_gib <= free_gib {
            return;
        }
        let reason =
            Reason::NoRoom { host: self.host.clone(), folder: folder.to_owned(), asked_gib: size_gib, free_gib };
        let finding = if sparse { Finding::warn } else { Finding::block };
        self.findings.push(finding(Field::DiskSize, reason));
    }

    fn network(&mut self) -> Result<()> {
        let host = self.host.clone();
        match &self.request.network {
            Network::Bridge(bridge) => {
                if network::has_bridge(self.conn, bridge) == Some(false) {
                    let have = network::bridges_on(self.conn).unwrap_or_default();
                    let have = have.into_iter().map(|b| b.name).collect();
                    self.block(Field::Network, Reason::NoBridge { host, bridge: bridge.clone(), have });
                }
            }
            Network::Network(name) => {
                let all = network::networks_on(self.conn)?;
                let network = name.clone();
                match all.iter().find(|n| n.name == *name) {
                    Some(found) if found.active => {}
                    Some(_) => self.block(Field::Network, Reason::NetworkInactive { host, network }),
                    None => {
                        let have = all.into_iter().map(|n| n.name).collect();
                        self.block(Field::Network, Reason::NoNetwork { host, network, have });
                    }
                }
            }
            Network::User | Network::None => {}
        }
        Ok(())
    }

    fn mac(&mut self) -> Result<()> {
        let Some(mac) = &self.request.mac else { return Ok(()) };
        if self.request.network == Network::None {
            return Ok(());
        }
        if !is_mac(mac) {
            self.block(Field::Mac, Reason::BadMac(mac.clone()));
        } else if let Some(domain) = storage::domain_using_mac(self.conn, mac)? {
            let used = Reason::MacInUse { host: self.host.clone(), mac: mac.clone(), domain };
            self.block(Field::Mac, used);
        }
        Ok(())
    }
}

/// What libvirt takes as no name of a machine; control characters can't be typed again, so they are no good either.
pub fn bad_name(name: &str) -> Option<Reason> {
    if name.trim().is_empty() {
        return Some(Reason::NameEmpty);
    }
    if name == "." || name == ".." {
        return Some(Reason::NameCharacter('.'));
    }
    name.chars().find(|c| *c == '/' || c.is_control()).map(Reason::NameCharacter)
}

/// Six hexadecimal pairs, and no multicast address (the lowest bit of the first byte).
pub fn is_mac(text: &str) -> bool {
    let is_pair = |p: &str| p.len() == 2 && p.bytes().all(|b| b.is_ascii_hexdigit());
    let unicast = text.get(..2).and_then(|p| u8::from_str_radix(p, 16).ok()).is_some_and(|first| first & 1 == 0);
    text.split(':').count() == 6 && text.split(':').all(is_pair) && unicast
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_libvirt_refuses_are_named() {
        assert_eq!(bad_name("  "), Some(Reason::NameEmpty));
        assert_eq!(bad_name("a/b"), Some(Reason::NameCharacter('/')));
        assert_eq!(bad_name("a\nb"), Some(Reason::NameCharacter('\n')));
        assert_eq!(bad_name(".."), Some(Reason::NameCharacter('.')));
        for good in ["node2", "<\"it's\" & 节点>", "a b", ".a"] {
            assert_eq!(bad_name(good), None, "{good}");
        }
    }

    #[test]
    fn mac_addresses() {
        for good in ["52:54:00:12:34:56", "00:16:3E:aa:BB:cc"] {
            assert!(is_mac(good), "{good}");
        }
        for bad in
            ["", "52:54:00:12:34", "52:54:00:12:34:5g", "53:54:00:12:34:56", "52-54-00-12-34-56", "+2:54:00:12:34:56"]
        {
            assert!(!is_mac(bad), "{bad}");
        }
    }
}
