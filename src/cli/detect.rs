//! detect: what an install tree installs.
use drover::Result;
use drover::install::detect::{Detected, Family, detect};
use drover::install::source::Location;
use drover::secret::hidden;
use serde_json::json;

use super::{Context, install, print};

/// Reads the tree and prints what was found.
pub fn run(context: &Context, location: &str) -> Result<()> {
    let location: Location = location.parse()?;
    let found = detect(&location, &install::cancel_on_interrupt())?;
    if context.json {
        print::json(&as_json(&found));
        return Ok(());
    }
    let size = |bytes: Option<u64>| bytes.map_or_else(String::new, |b| format!(" ({:.1} MB)", megabytes(b)));
    say!("{}", found.os);
    let row = |name: &str, value: &str| say!("  {name:<12} {value}");
    row("id", found.os_short_id.as_deref().unwrap_or("unknown"));
    row("architecture", found.arch.as_deref().unwrap_or("unknown"));
    row("kernel", &format!("{}{}", found.kernel, size(found.kernel_size)));
    row("initrd", &format!("{}{}", found.initrd, size(found.initrd_size)));
    if let Some((kernel, initrd)) = &found.xen {
        row("Xen PV", &format!("{kernel}, {initrd}"));
    }
    row("arguments", &hidden(&found.repo_args.join(" ")));
    row("memory", &format!("{} MiB at least, {} MiB good", found.minimum_memory_mib, found.recommended_memory_mib));
    Ok(())
}

// For the eye.
#[allow(clippy::cast_precision_loss)]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn as_json(found: &Detected) -> serde_json::Value {
    let family = match found.family {
        Family::RedHat => "redhat",
        Family::Debian => "debian",
        Family::Other => "other",
    };
    json!({
        "location": found.location.shown(),
        "family": family,
        "os": found.os,
        "id": found.os_short_id,
        "version": found.version,
        "arch": found.arch,
        "kernel": found.kernel,
        "kernel_size": found.kernel_size,
        "initrd": found.initrd,
        "initrd_size": found.initrd_size,
        "xen": found.xen.as_ref().map(|(kernel, initrd)| json!({ "kernel": kernel, "initrd": initrd })),
        "arguments": found.repo_args.iter().map(|argument| hidden(argument)).collect::<Vec<_>>(),
        "minimum_memory_mib": found.minimum_memory_mib,
        "recommended_memory_mib": found.recommended_memory_mib,
    })
}
