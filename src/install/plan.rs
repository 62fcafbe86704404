//! A request made concrete and checked against its host: what will be made, in order, and what stands in the way.
use crate::Result;
use crate::finding::Finding;
use crate::host::Host;
use crate::install::Request;
use crate::install::detect::Detected;

/// What will be done, with every value decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    pub request: Request,
    pub detected: Detected,
    /// The kernel's command line for the installer.
    pub kernel_args: String,
    /// The domain while it installs, and the one it becomes after the installer's reboot. Paths of kernel and initrd
    /// in the first are filled in by the run.
    pub install_xml: String,
    pub final_xml: String,
    pub mac: Option<String>,
    pub virt_type: String,
}

/// Checks everything that the host can answer beforehand; an empty list means: can go. Cheap enough to run at each change
/// of a page (one call to the host); `detected` is `None` while no source was read yet.
pub fn check(host: &Host, request: &Request, detected: Option<&Detected>) -> Result<Vec<Finding>> {
    let _ = (host, request, detected);
    Ok(Vec::new())
}

/// Checks, then decides the rest. [`crate::Error::Refused`] with the blocking findings.
pub fn plan(host: &Host, request: Request, detected: Detected) -> Result<Plan> {
    let _ = (host, request, detected);
    Err(crate::Error::Refused(Vec::new()))
}
