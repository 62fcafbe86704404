//! Rates from the counters of consecutive ticks (pure).
use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::HostLoad;
use super::stats::{NodeSample, Sample};
use crate::domain::{DomainId, DomainStats};

/// Remembers the last tick.
#[derive(Default)]
pub(super) struct Rates {
    last: HashMap<DomainId, (Instant, Sample)>,
    node: Option<(Instant, NodeSample)>,
}

impl Rates {
    /// Figures of this tick: samples read at `now`, with each machine's number of CPUs.
    pub(super) fn machines(
        &mut self,
        now: Instant,
        samples: Vec<Sample>,
        vcpus: impl Fn(DomainId) -> u32,
    ) -> Vec<(DomainId, DomainStats)> {
        let mut seen = HashMap::with_capacity(samples.len());
        let mut figures = Vec::with_capacity(samples.len());
        for sample in samples {
            let before = self.last.get(&sample.id);
            let cpus = sample.vcpus.unwrap_or_else(|| vcpus(sample.id));
            figures.push((sample.id, one(now, before, &sample, cpus)));
            seen.insert(sample.id, (now, sample));
        }
        self.last = seen;
        figures
    }

    /// The host's load at this tick.
    pub(super) fn host(&mut self, now: Instant, sample: NodeSample) -> HostLoad {
        let before = self.node.replace((now, sample));
        let share = before.and_then(|(_, before)| {
            let busy = sample.busy?.checked_sub(before.busy?)?;
            let all = busy + sample.idle?.checked_sub(before.idle?)?;
            (all > 0).then(|| busy as f32 / all as f32 * 100.0)
        });
        let cpu_percent = share.or(sample.utilization.map(|percent| percent as f32));
        HostLoad { cpu_percent: cpu_percent.map(|p| p.clamp(0.0, 100.0)), memory_used_kib: sample.memory_used }
    }
}

fn one(now: Instant, before: Option<&(Instant, Sample)>, sample: &Sample, vcpus: u32) -> DomainStats {
    // A counter that went back belongs to a new process: no rate for this tick.
    let rate = |counter: fn(&Sample) -> Option<u64>| -> Option<f64> {
        let (then, before) = before?;
        let elapsed = now.saturating_duration_since(*then);
        let grown = counter(sample)?.checked_sub(counter(before)?)?;
        (elapsed > Duration::ZERO).then(|| grown as f64 / elapsed.as_secs_f64())
    };
    let bytes = |counter| rate(counter).map(|r| r.round() as u64);
    let cpu = rate(|s| s.cpu_time).map(|ns| (ns / 1e9 / f64::from(vcpus.max(1)) * 100.0).clamp(0.0, 100.0) as f32);
    let guest = sample.available.zip(sample.usable).and_then(|(all, usable)| all.checked_sub(usable));
    DomainStats {
        cpu_percent: cpu,
        memory_used_kib: guest.or(sample.memory),
        disk_read: bytes(|s| s.read),
        disk_write: bytes(|s| s.written),
        net_rx: bytes(|s| s.received),
        net_tx: bytes(|s| s.sent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn rates_need_two_ticks_and_forget_who_is_gone() {
        let id = DomainId(Uuid::from_u128(1));
        let sample = |cpu_time, sent| Sample {
            cpu_time: Some(cpu_time),
            sent: Some(sent),
            memory: Some(1024),
            ..Sample::new(id)
        };
        let start = Instant::now();
        let mut rates = Rates::default();
        let first = rates.machines(start, vec![sample(0, 500)], |_| 2);
        assert_eq!((first[0].1.cpu_percent, first[0].1.memory_used_kib), (None, Some(1024)));
        // Two of four CPU seconds in two seconds of two CPUs.
        let later = start + Duration::from_secs(2);
        let second = rates.machines(later, vec![sample(2_000_000_000, 2500)], |_| 2);
        assert_eq!((second[0].1.cpu_percent, second[0].1.net_tx), (Some(50.0), Some(1000)));
        // Restarted: the counters begin anew.
        let third = rates.machines(later + Duration::from_secs(2), vec![sample(1000, 0)], |_| 2);
        assert_eq!((third[0].1.cpu_percent, third[0].1.net_tx), (None, None));
        assert!(rates.machines(later, Vec::new(), |_| 2).is_empty());
        assert!(rates.last.is_empty());
    }

    #[test]
    fn the_hosts_load_is_the_busy_share() {
        let sample = |busy, idle| NodeSample { busy: Some(busy), idle: Some(idle), ..NodeSample::default() };
        let now = Instant::now();
        let mut rates = Rates::default();
        assert_eq!(rates.host(now, sample(10, 10)).cpu_percent, None);
        assert_eq!(rates.host(now, sample(35, 85)).cpu_percent, Some(25.0));
    }
}
