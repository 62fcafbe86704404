//! Checks of what the other host can run.
use super::*;

#[test]
fn hypervisor_and_architecture() {
    let words = "other hypervisor: hosta runs QEMU, hostb runs Xen";
    one(Live, |w| w.dest.driver = "Xen".into(), Check::Hypervisor, Block, words);
    let words = "the libvirt driver of hostb can't migrate";
    assert_eq!(
        one(Live, |w| w.dest.migrates = false, Check::Hypervisor, Block, words),
        Some(Remedy::OtherKind(Static))
    );
    let words = "hostb offers no kvm machines";
    one(Live, |w| w.dest.guests[0].types = vec!["qemu".into()], Check::Hypervisor, Block, words);
    let words = "hostb can't run aarch64 machines; it runs: x86_64";
    one(Live, |w| w.machine.arch = "aarch64".into(), Check::Architecture, Block, words);
    let xen = |w: &mut World| (w.source.driver, w.dest.driver) = ("Xen".into(), "Xen".into());
    one(Copy, xen, Check::Hypervisor, Block, "Xen can't migrate like this (--copy-storage)");
    one(PostCopy, xen, Check::Hypervisor, Block, "Xen can't migrate like this (--postcopy)");
    let mut live = world(Live);
    xen(&mut live);
    assert_eq!(live.troubles(), [], "without xend there is no relocation server to ask");
}

#[test]
fn versions_and_machine_type() {
    let words = "hostb has an older hypervisor (8.2.0) than the source (10.0.2)";
    one(Live, |w| w.dest.hypervisor = Version(8, 2, 0), Check::Versions, Warn, words);
    let words = "hostb has an older libvirt (9.0.0) than the source (11.3.0)";
    one(Live, |w| w.dest.libvirt = Version(9, 0, 0), Check::Versions, Warn, words);
    let words = "hostb has no machine type pc-q35-11.0";
    one(Live, |w| w.machine.machine = Some("pc-q35-11.0".into()), Check::MachineType, Block, words);
}

#[test]
fn firmware_and_memory() {
    let uefi = |w: &mut World| w.machine.loader = Some("/usr/share/OVMF.fd".into());
    let missing = |w: &mut World| {
        uefi(w);
        w.answers.loader = Some(false);
    };
    one(Live, missing, Check::Firmware, Block, "hostb has no firmware /usr/share/OVMF.fd");
    let variables = |w: &mut World| {
        uefi(w);
        (w.machine.nvram, w.answers.loader) = (Some("/nv.fd".into()), Some(true));
    };
    let words = "its firmware variables (/nv.fd) are not copied by this kind of migration";
    assert_eq!(one(Offline, variables, Check::Firmware, Block, words), Some(Remedy::OtherKind(Static)));
    for kind in [Live, Static] {
        let mut fine = world(kind);
        variables(&mut fine);
        assert_eq!(fine.troubles(), [], "{kind:?}");
    }
    let no_template = |w: &mut World| {
        variables(w);
        (w.machine.template, w.answers.template) = (Some("/t.fd".into()), Some(false));
    };
    one(Live, no_template, Check::Firmware, Block, "hostb has no firmware /t.fd");
    let taken = |spot| {
        move |w: &mut World| {
            variables(w);
            w.answers.nvram = spot;
        }
    };
    let words = "hostb has a file /nv.fd already, where its firmware variables belong";
    let remedy = one(Static, taken(Spot::LeftOver), Check::Firmware, Block, words);
    assert_eq!(remedy, Some(Remedy::Replace { path: "/nv.fd".into() }));
    let remedy = one(Static, taken(Spot::Used), Check::Firmware, Block, words);
    assert_eq!(remedy, Some(Remedy::RemoveFile { host: "hostb".into(), path: "/nv.fd".into() }));
    let replaced = |w: &mut World| {
        taken(Spot::LeftOver)(w);
        w.choices.replace = vec!["/nv.fd".into()];
    };
    let words = "/nv.fd on hostb is removed when the move begins, and does not come back if the move fails";
    one(Static, replaced, Check::Firmware, Warn, words);
    let words = "needs 8192 MiB, hostb has 3174 MiB free";
    let short = |w: &mut World| (w.machine.memory_kib, w.dest.free_memory_kib) = (8 << 20, Some(3174 * 1024));
    assert_eq!(one(Live, short, Check::Memory, Block, words), Some(Remedy::FreeMemory { host: "hostb".into() }));
    one(Offline, short, Check::Memory, Warn, words);
    one(Live, |w| w.machine.vcpus = 9, Check::Memory, Warn, "9 virtual CPUs are more than the 8 that hostb has");
}
