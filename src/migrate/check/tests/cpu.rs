//! The CPU: what the other host lacks, and what is set for the next start.
use super::*;

#[test]
fn the_cpu_fits_or_will_fit_or_can_be_lowered() {
    let lacks = |w: &mut World| w.answers.cpu = Some(CpuAnswer::Lacks(vec!["avx".into(), "avx2".into()]));
    assert_eq!(one(Live, lacks, Check::Cpu, Block, "the CPU of hostb lacks: avx, avx2"), Some(Remedy::LowerCpu));
    one(Offline, lacks, Check::Cpu, Warn, "the CPU of hostb lacks: avx, avx2");
    let soon = |w: &mut World| {
        lacks(w);
        w.answers.next_cpu_fits = true;
    };
    let remedy = one(Live, soon, Check::Cpu, Block, "the CPU of hostb lacks: avx, avx2");
    assert_eq!(remedy, Some(Remedy::Restart), "it was lowered already, for its next start");
    let transient = |w: &mut World| {
        lacks(w);
        w.machine.persistent = false;
    };
    assert_eq!(one(Live, transient, Check::Cpu, Block, "the CPU of hostb lacks: avx, avx2"), None);
    let passthrough = |w: &mut World| w.machine.cpu_mode = Some("host-passthrough".into());
    let words =
        "the machine has its host's own CPU (host-passthrough): it may not run on, or not come back, where CPUs differ";
    assert_eq!(one(Live, passthrough, Check::Cpu, Warn, words), Some(Remedy::LowerCpu));
    let lowered = |w: &mut World| {
        passthrough(w);
        w.answers.next_cpu_fits = true;
    };
    assert_eq!(one(Live, lowered, Check::Cpu, Warn, words), Some(Remedy::Restart));
    let mut off = world(Offline);
    passthrough(&mut off);
    lacks(&mut off);
    assert_eq!(off.troubles(), [], "at its next start it takes whatever CPU it finds");
    let unknown = |w: &mut World| w.answers.cpu = Some(CpuAnswer::Unknown("no".into()));
    one(Live, unknown, Check::Cpu, Warn, "hostb could not compare CPUs: no");
    let differs = |w: &mut World| w.answers.cpu = Some(CpuAnswer::Differs("other vendor".into()));
    one(Live, differs, Check::Cpu, Block, "the CPU of hostb does not fit: other vendor");
}
