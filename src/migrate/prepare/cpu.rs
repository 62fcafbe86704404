//! A lower CPU for a machine's next start: one that both hosts have, and nothing that the machine did not have before.
use roxmltree::{Document, Node};
use virt_sys as sys;

use crate::domain::actions::Denial;
use crate::domain::{DomainId, read};
use crate::host::Host;
use crate::host::migrate_ffi::{CpuFit, baseline_cpu, compare_cpu};
use crate::migrate::answers::cpu::offered;
use crate::migrate::machine::Machine;
use crate::migrate::xml;
use crate::{Error, Result};

/// Writes it into the machine's definition. One that runs keeps its CPU until it is shut down and started.
pub(super) fn lower(source: &Host, dest: &Host, id: DomainId) -> Result<()> {
    let definition = source.call(move |conn| {
        if !read::lookup(conn, id)?.is_persistent()? {
            // To define it would keep it for ever.
            return Err(Error::NotAllowed(Denial::Transient));
        }
        xml::of_domain(conn, id, false)
    })?;
    let cpu = common(source, dest, &Machine::parse(&definition)?)?;
    let lowered = with_cpu(&definition, &cpu)?;
    source.call(move |conn| Ok(conn.define_domain_xml(&lowered).map(drop)?))?;
    source.refresh(id);
    Ok(())
}

/// What both hosts have, and the machine, if its CPU has a name. An older host may not know the name that a newer one
/// finds, so each is asked.
fn common(source: &Host, dest: &Host, machine: &Machine) -> Result<String> {
    let (arch, virt_type) = (&machine.arch, &machine.virt_type);
    let mut cpus = Vec::new();
    for host in [source, dest] {
        let none = || Error::Unsupported(format!("{} does not tell which CPU its machines can have", host.id()));
        cpus.push(offered(host, arch, virt_type)?.ok_or_else(none)?);
    }
    let named =
        machine.cpu.clone().filter(|cpu| machine.cpu_mode.as_deref() == Some("custom") && cpu.contains("<model"));
    cpus.extend(named);
    let mut why = Error::Unsupported("no CPU is known to both hosts".into());
    for host in [dest, source] {
        let (a, v, all) = (arch.clone(), virt_type.clone(), cpus.clone());
        match host.call(move |conn| baseline_cpu(conn, &a, &v, &all)) {
            Ok(cpu) if fits(source, machine, &cpu)? && fits(dest, machine, &cpu)? => return Ok(cpu),
            Ok(_) => {}
            Err(e) => why = e,
        }
    }
    Err(why)
}

fn fits(host: &Host, machine: &Machine, cpu: &str) -> Result<bool> {
    let (arch, virt_type, cpu) = (machine.arch.clone(), machine.virt_type.clone(), cpu.to_owned());
    host.call(move |conn| Ok(compare_cpu(conn, &arch, &virt_type, &cpu)? == CpuFit::Fits))
}

/// The definition with this CPU's model and features; its topology and the like stay, but for what only a host's own CPU
/// can have.
fn with_cpu(definition: &str, cpu: &str) -> Result<String> {
    let (document, new) = (parse(definition)?, parse(cpu)?);
    let elements = |node: Node| node.children().filter(Node::is_element).map(|n| n.range()).collect::<Vec<_>>();
    let old = document.root_element().children().find(|n| n.has_tag_name("cpu"));
    let stays = |n: &Node| {
        !matches!(n.tag_name().name(), "model" | "vendor" | "feature") && n.attribute("mode") != Some("passthrough")
    };
    let kept = old.into_iter().flat_map(|old| old.children()).filter(|n| n.is_element() && stays(n));
    let kept = kept.map(|n| &definition[n.range()]);
    let inside: String = elements(new.root_element()).into_iter().map(|range| &cpu[range]).chain(kept).collect();
    let text = format!("<cpu mode='custom' match='exact' check='partial'>{inside}</cpu>");
    let mut out = definition.to_owned();
    match old {
        Some(old) => out.replace_range(old.range(), &text),
        None => {
            let devices = document.root_element().children().find(|n| n.has_tag_name("devices"));
            let at = devices.map_or_else(|| definition.rfind("</domain>").unwrap_or_default(), |d| d.range().start);
            out.insert_str(at, &text);
        }
    }
    Ok(out)
}

fn parse(xml: &str) -> Result<Document<'_>> {
    Document::parse(xml).map_err(|e| Error::Libvirt { code: sys::VIR_ERR_XML_ERROR, message: e.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: &str = "<cpu mode='custom' match='exact'>\n  <model fallback='forbid'>Nehalem</model>\n  <vendor>Intel</vendor>\n\
                       <feature policy='require' name='aes'/>\n</cpu>";
    const WANT: &str = "<cpu mode='custom' match='exact' check='partial'><model fallback='forbid'>Nehalem</model>\
                        <vendor>Intel</vendor><feature policy='require' name='aes'/>";

    #[test]
    fn only_model_and_features_change() {
        let old = "<domain><name>a</name><cpu mode='host-passthrough' check='none' migratable='on'><topology sockets='2'/>\
                   <cache mode='passthrough'/><feature policy='disable' name='x'/><numa><cell id='0'/></numa></cpu><devices/></domain>";
        let want = format!(
            "<domain><name>a</name>{WANT}<topology sockets='2'/><numa><cell id='0'/></numa></cpu><devices/></domain>"
        );
        assert_eq!(with_cpu(old, NEW).unwrap(), want);
        let named = "<domain><cpu match='minimum'><model>Haswell</model><vendor>AMD</vendor><cache mode='emulate' level='3'/></cpu></domain>";
        let want = format!("<domain>{WANT}<cache mode='emulate' level='3'/></cpu></domain>");
        assert_eq!(with_cpu(named, NEW).unwrap(), want);
    }

    #[test]
    fn a_definition_without_a_cpu_gets_one() {
        assert_eq!(
            with_cpu("<domain><devices><a/></devices></domain>", NEW).unwrap(),
            format!("<domain>{WANT}</cpu><devices><a/></devices></domain>")
        );
        assert_eq!(with_cpu("<domain></domain>", NEW).unwrap(), format!("<domain>{WANT}</cpu></domain>"));
        assert!(with_cpu("<domain/>", "<cpu").is_err() && with_cpu("<domain", NEW).is_err());
    }
}
