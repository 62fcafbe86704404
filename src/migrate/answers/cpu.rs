//! Whether the destination can give the machine its CPU.
use roxmltree::Document;
use virt_sys as sys;

use super::CpuAnswer;
use crate::Result;
use crate::domain::read;
use crate::host::Host;
use crate::host::migrate_ffi::{CpuFit, compare_cpu};
use crate::migrate::machine::Machine;

/// A CPU that is its host's own is compared as what this host would call its model.
pub(super) fn ask(source: &Host, dest: &Host, machine: &Machine) -> Result<Option<CpuAnswer>> {
    let Some(mut cpu) = machine.cpu.clone() else { return Ok(None) };
    let (arch, virt_type) = (machine.arch.clone(), machine.virt_type.clone());
    match machine.cpu_mode.as_deref() {
        Some("custom") if cpu.contains("<model") => {}
        // It only has a topology, or is made anew at each start.
        Some("custom") => return Ok(None),
        Some("host-model") if !machine.state.is_active() => return Ok(None),
        _ => {
            let Some(own) = offered(source, &arch, &virt_type)? else { return Ok(None) };
            cpu = own;
        }
    }
    Ok(Some(compare(dest, &arch, &virt_type, cpu)?))
}

fn compare(host: &Host, arch: &str, virt_type: &str, cpu: String) -> Result<CpuAnswer> {
    let (arch, virt_type) = (arch.to_owned(), virt_type.to_owned());
    let fit = host.call(move |conn| Ok(compare_cpu(conn, &arch, &virt_type, &cpu)))?;
    Ok(match fit {
        Ok(CpuFit::Fits) => CpuAnswer::Fits,
        Ok(CpuFit::Differs(words)) => missing_features(&words).map_or(CpuAnswer::Differs(words), CpuAnswer::Lacks),
        Err(e) => CpuAnswer::Unknown(e.to_string()),
    })
}

/// Whether a machine that runs on a CPU that does not fit gets one at its next start that does: a model by name, which is
/// the same on every host.
pub(super) fn next_fits(source: &Host, dest: &Host, machine: &Machine) -> Result<bool> {
    let (Some(id), true) = (machine.id, machine.state.is_active() && machine.persistent) else { return Ok(false) };
    let xml = source.call(move |conn| Ok(read::lookup(conn, id)?.xml_desc(sys::VIR_DOMAIN_XML_INACTIVE)?))?;
    let next = Machine::parse(&xml)?;
    let named = next.cpu.filter(|cpu| next.cpu_mode.as_deref() == Some("custom") && cpu.contains("<model"));
    let Some(cpu) = named else { return Ok(false) };
    Ok(compare(dest, &machine.arch, &machine.virt_type, cpu)? == CpuAnswer::Fits)
}

/// What the host calls its own CPU, as far as a machine can have it; `None` if it does not tell.
pub(in crate::migrate) fn offered(host: &Host, arch: &str, virt_type: &str) -> Result<Option<String>> {
    let (arch, virt_type) = (arch.to_owned(), virt_type.to_owned());
    let said =
        host.call(move |conn| Ok(conn.domain_capabilities(None, Some(&arch), None, Some(&virt_type), 0).ok()))?;
    Ok(said.as_deref().and_then(host_model))
}

/// `<mode name='host-model'>` of the domain capabilities, as a CPU to compare.
fn host_model(capabilities: &str) -> Option<String> {
    let document = Document::parse(capabilities).ok()?;
    let is_model = |n: &roxmltree::Node| n.has_tag_name("mode") && n.attribute("name") == Some("host-model");
    let mode = document.descendants().find(is_model)?;
    let (first, last) = (mode.first_element_child()?, mode.last_element_child()?);
    let inside = capabilities.get(first.range().start..last.range().end)?;
    Some(format!("<cpu mode='custom' match='exact'>{inside}</cpu>"))
}

/// libvirt ends its words with the list: "… required features: avx, avx2".
fn missing_features(words: &str) -> Option<Vec<String>> {
    let (_, list) = words.rsplit_once("features: ")?;
    Some(list.split(',').map(|f| f.trim().to_owned()).filter(|f| !f.is_empty()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_read_out_of_libvirts_words() {
        let words = "the CPU is incompatible with host CPU: Host CPU does not provide required features: avx, avx2";
        assert_eq!(missing_features(words), Some(vec!["avx".into(), "avx2".into()]));
        assert_eq!(missing_features("other vendor"), None);
    }

    #[test]
    fn a_host_model_becomes_a_cpu() {
        let xml = "<domainCapabilities><cpu><mode name='host-model' supported='yes'><model fallback='forbid'>EPYC</model>\
                   <feature policy='require' name='avx'/></mode></cpu></domainCapabilities>";
        let want = "<cpu mode='custom' match='exact'><model fallback='forbid'>EPYC</model><feature policy='require' name='avx'/></cpu>";
        assert_eq!(host_model(xml).as_deref(), Some(want));
        assert_eq!(host_model("<domainCapabilities/>"), None);
    }
}
