//! The equal `virt-install` command of a request, and its options as droverctl takes them.
use crate::install::plan::Plan;

/// The `virt-install` command that would make the same machine, quoted for a shell.
pub fn virt_install(plan: &Plan, uri: &str) -> String {
    let _ = (plan, uri);
    String::new()
}
