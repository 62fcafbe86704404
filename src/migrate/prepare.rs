//! What can be done so that a machine may move: what the destination lacks is given to it (a network or a pool like the
//! source's, one that is started, a folder), what ties the machine to the source is changed there (its CPU, its saved state).
mod cpu;

use roxmltree::{Document, Node};
use virt::connect::Connect;
use virt::storage_pool::StoragePool;
use virt_sys as sys;

use crate::domain::{DomainId, read};
use crate::host::Host;
use crate::install::xml::escape;
use crate::storage::{self, PROBE_PREFIX};
use crate::{Error, Result};

/// One thing to do before a move.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Preparation {
    /// At the destination, as the others of which nothing else is said.
    StartNetwork(String),
    /// Define and start it as the source has it.
    CopyNetwork(String),
    StartPool(String),
    /// Define and start it as the source has it.
    CopyPool(String),
    CreateFolder(String),
    /// At the source: from its next start on, the machine has a CPU that both hosts have.
    LowerCpu,
    /// At the source: the machine's saved state is thrown away, and with it all that was in its memory.
    DropSave,
    /// At the source: the machine, which stands still, runs on.
    Resume,
}

impl Preparation {
    /// Whether it is done to the machine itself, so to each of those that move; the others help all of them at once.
    pub fn is_of_machine(&self) -> bool {
        matches!(self, Self::LowerCpu | Self::DropSave | Self::Resume)
    }
}

/// Does it for a move of this machine. What is defined but can't be started is undefined again. Blocks.
pub fn prepare(source: &Host, dest: &Host, machine: DomainId, what: &Preparation) -> Result<()> {
    match what.clone() {
        Preparation::StartNetwork(name) => dest.call(move |conn| Ok(network(conn, &name)?.create()?)),
        Preparation::StartPool(name) => dest.call(move |conn| start(&conn.lookup_storage_pool_by_name(&name)?)),
        Preparation::CopyNetwork(name) => {
            let (xml, autostart) = source.call(move |conn| {
                let here = network(conn, &name)?;
                // Not every driver knows the flag; it only keeps figures of now out.
                let xml = here.xml_desc(sys::VIR_NETWORK_XML_INACTIVE).or_else(|_| here.xml_desc(0))?;
                Ok((xml, here.autostart().unwrap_or_default()))
            })?;
            let xml = network_there(&xml)?;
            dest.call(move |conn| {
                let there = conn.define_network_xml(&xml)?;
                let started = there.create().and_then(|()| there.set_autostart(autostart));
                Ok(started.inspect_err(|_| {
                    let _ = there.undefine();
                })?)
            })
        }
        Preparation::CopyPool(name) => {
            let (xml, autostart) = source.call(move |conn| {
                let here = conn.lookup_storage_pool_by_name(&name)?;
                let xml = here.xml_desc(sys::VIR_STORAGE_XML_INACTIVE).or_else(|_| here.xml_desc(0))?;
                Ok((xml, here.autostart().unwrap_or_default()))
            })?;
            let xml = pool_there(&xml)?;
            dest.call(move |conn| {
                let there = conn.define_storage_pool_xml(&xml, 0)?;
                let started = start(&there).and_then(|()| Ok(there.set_autostart(autostart)?));
                started.inspect_err(|_| {
                    let _ = there.destroy();
                    let _ = there.undefine();
                })
            })
        }
        Preparation::CreateFolder(folder) => dest.call(move |conn| create_folder(conn, &folder)),
        Preparation::LowerCpu => cpu::lower(source, dest, machine),
        Preparation::Resume => source.call(move |conn| Ok(read::lookup(conn, machine)?.resume().map(drop)?)),
        Preparation::DropSave => {
            let done = source.call(move |conn| Ok(read::lookup(conn, machine)?.managed_save_remove(0)?));
            // libvirt has no event for it.
            source.refresh(machine);
            done
        }
    }
}

fn network(conn: &Connect, name: &str) -> Result<virt::network::Network> {
    Ok(conn.lookup_network_by_name(name)?)
}

/// A pool of files that can't be started gets its folder made; of other kinds "build" would format something.
fn start(pool: &StoragePool) -> Result<()> {
    let Err(error) = pool.create(0) else { return Ok(()) };
    let xml = pool.xml_desc(0)?;
    let is_folder = matches!(parse(&xml)?.root_element().attribute("type"), Some("dir" | "netfs"));
    if !is_folder || pool.is_active()? || pool.build(0).is_err() {
        return Err(error.into());
    }
    Ok(pool.create(0)?)
}

/// libvirt makes folders for its pools: so a pool is made over this one, and taken away again.
fn create_folder(conn: &Connect, folder: &str) -> Result<()> {
    storage::split(folder)?;
    let xml = format!(
        "<pool type='dir'><name>{PROBE_PREFIX}{}</name><target><path>{}</path></target></pool>",
        uuid::Uuid::new_v4(),
        escape(folder)
    );
    let pool = conn.create_storage_pool_xml(&xml, sys::VIR_STORAGE_POOL_CREATE_WITH_BUILD)?;
    Ok(pool.destroy()?)
}

/// The source's definition without what is its own: identity, the bridge's address, and the name of a bridge that libvirt
/// makes itself (the host chooses a free one).
fn network_there(xml: &str) -> Result<String> {
    let document = parse(xml)?;
    let forward = document.root_element().children().find(|n| n.has_tag_name("forward"));
    // These use a bridge that must exist; the others make one.
    let foreign = matches!(forward.and_then(|f| f.attribute("mode")), Some("bridge"));
    let own = |node: &Node| {
        let name = node.tag_name().name();
        matches!(name, "uuid" | "mac") || (name == "bridge" && !foreign)
    };
    Ok(without(xml, &document, own))
}

/// The source's definition without its identity and its figures.
fn pool_there(xml: &str) -> Result<String> {
    let document = parse(xml)?;
    let own = |node: &Node| matches!(node.tag_name().name(), "uuid" | "capacity" | "allocation" | "available");
    Ok(without(xml, &document, own))
}

fn parse(xml: &str) -> Result<Document<'_>> {
    Document::parse(xml).map_err(|e| Error::Libvirt { code: 0, message: format!("the source's XML: {e}") })
}

/// The text without those elements below its root; all else stays as it is.
fn without(xml: &str, document: &Document, goes: impl Fn(&Node) -> bool) -> String {
    let mut out = xml.to_owned();
    let gone = document.root_element().children().filter(|n| n.is_element() && goes(n)).map(|n| n.range());
    let mut gone: Vec<_> = gone.collect();
    gone.sort_by_key(|range| range.start);
    for range in gone.into_iter().rev() {
        out.replace_range(range, "");
    }
    out
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::host::NoCredentials;

    /// For what is not about a machine.
    const MACHINE: DomainId = DomainId(uuid::Uuid::nil());

    #[test]
    fn what_is_the_sources_own_is_left_out() {
        let nat = "<network connections='1'><name>lan</name><uuid>u</uuid><forward mode='nat'/><bridge name='virbr1' stp='on'/>\
                   <mac address='52:54:00:00:00:01'/><ip address='10.9.0.1'><!-- mine --></ip></network>";
        let want = "<network connections='1'><name>lan</name><forward mode='nat'/><ip address='10.9.0.1'><!-- mine --></ip></network>";
        assert_eq!(network_there(nat).unwrap(), want);
        let bridge = "<network><name>b</name><uuid>u</uuid><forward mode='bridge'/><bridge name='xenbr0'/></network>";
        assert_eq!(network_there(bridge).unwrap(), bridge.replace("<uuid>u</uuid>", ""));
        let pool = "<pool type='dir'><name>p</name><uuid>u</uuid><capacity unit='bytes'>0</capacity><source/><target><path>/a</path></target></pool>";
        let want = "<pool type='dir'><name>p</name><source/><target><path>/a</path></target></pool>";
        assert_eq!(pool_there(pool).unwrap(), want);
        assert!(pool_there("<pool").is_err());
    }

    /// A host of the test driver with this inside; each link has a state of its own.
    fn host(folder: &std::path::Path, name: &str, inside: &str) -> Host {
        let file = folder.join(name);
        std::fs::write(&file, format!("<node>{inside}</node>")).expect("a folder of ours");
        Host::open_now(&format!("test://{}", file.display()), Arc::new(NoCredentials)).expect("the test driver")
    }

    #[test]
    fn a_network_and_a_pool_are_copied_and_started() {
        let folder = tempfile::tempdir().unwrap();
        let inside = "<network><name>lan</name><bridge name='virbr9'/><ip address='10.9.0.1' netmask='255.255.255.0'/></network>\
                      <pool type='dir'><name>images</name><target><path>/srv/images</path></target></pool>";
        let (source, dest) = (host(folder.path(), "a.xml", inside), host(folder.path(), "b.xml", ""));
        let runs = |host: &Host| {
            host.call(|conn| {
                let pool = conn.lookup_storage_pool_by_name("images")?;
                Ok((network(conn, "lan")?.is_active()?, pool.is_active()?, storage::target(&pool)))
            })
        };
        let both = Some("/srv/images".to_owned());
        assert!(runs(&dest).is_err());
        prepare(&source, &dest, MACHINE, &Preparation::CopyNetwork("lan".into())).unwrap();
        prepare(&source, &dest, MACHINE, &Preparation::CopyPool("images".into())).unwrap();
        assert_eq!(runs(&dest).unwrap(), (true, true, both.clone()));
        dest.call(|conn| {
            network(conn, "lan")?.destroy()?;
            Ok(conn.lookup_storage_pool_by_name("images")?.destroy()?)
        })
        .unwrap();
        assert_eq!(runs(&dest).unwrap(), (false, false, both.clone()));
        prepare(&source, &dest, MACHINE, &Preparation::StartNetwork("lan".into())).unwrap();
        prepare(&source, &dest, MACHINE, &Preparation::StartPool("images".into())).unwrap();
        assert_eq!(runs(&dest).unwrap(), (true, true, both));
        for what in [
            Preparation::StartNetwork("lan".into()),
            Preparation::CopyNetwork("nowhere".into()),
            Preparation::StartPool("nowhere".into()),
            Preparation::CreateFolder("relative".into()),
        ] {
            assert!(prepare(&source, &dest, MACHINE, &what).is_err(), "{what:?}");
        }
    }

    #[test]
    fn a_saved_state_is_dropped_and_no_other_machine_is_touched() {
        let folder = tempfile::tempdir().unwrap();
        let domain = |n: u8, name: &str| {
            format!(
                "<domain type='test'><name>{name}</name><uuid>0000000{n}-0000-0000-0000-000000000000</uuid>\
                     <memory>1024</memory><os><type>hvm</type></os></domain>"
            )
        };
        let inside = domain(1, "one") + &domain(2, "two");
        let (source, dest) = (host(folder.path(), "a.xml", &inside), host(folder.path(), "b.xml", ""));
        let id = |n: u128| DomainId(uuid::Uuid::from_u128(n << 96));
        let saved = |n| source.call(move |conn| Ok(read::lookup(conn, id(n))?.has_managed_save(0)?)).unwrap();
        for n in [1, 2] {
            source.call(move |conn| Ok(read::lookup(conn, id(n))?.managed_save(0).map(drop)?)).unwrap();
        }
        assert!(saved(1) && saved(2));
        prepare(&source, &dest, id(1), &Preparation::DropSave).unwrap();
        assert!(!saved(1) && saved(2));
        assert!(prepare(&source, &dest, MACHINE, &Preparation::DropSave).is_err(), "there is no such machine");
        let state = || source.call(move |conn| Ok(read::lookup(conn, id(2))?.info()?.state.to_raw())).unwrap();
        source
            .call(move |conn| {
                let two = read::lookup(conn, id(2))?;
                two.create()?;
                Ok(two.suspend().map(drop)?)
            })
            .unwrap();
        assert_eq!(state(), sys::VIR_DOMAIN_PAUSED);
        prepare(&source, &dest, id(2), &Preparation::Resume).unwrap();
        assert_eq!(state(), sys::VIR_DOMAIN_RUNNING);
        // The test driver does not tell which CPUs it can give.
        assert!(prepare(&source, &dest, id(1), &Preparation::LowerCpu).is_err());
    }
}
