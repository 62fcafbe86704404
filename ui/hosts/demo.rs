//! The demo: two hosts of sample machines in libvirt's test driver, which touches nothing outside this program.
use std::io;
use std::path::Path;

/// File name and content of each host.
const HOSTS: [(&str, &str); 2] = [
    ("north.xml", include_str!("../../resources/demo/north.xml")),
    ("south.xml", include_str!("../../resources/demo/south.xml")),
];

/// Writes the hosts' files under this folder (such as `$XDG_RUNTIME_DIR`), where libvirt reads them, and returns
/// their URIs. Blocks on the disk.
pub fn prepare(runtime: &Path) -> io::Result<Vec<String>> {
    let folder = runtime.join("drover").join("demo");
    std::fs::create_dir_all(&folder)?;
    let write = |(name, text): (&str, &str)| {
        let path = folder.join(name);
        std::fs::write(&path, text)?;
        Ok(format!("test://{}", path.display()))
    };
    HOSTS.into_iter().map(write).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use drover::host::{Host, NoCredentials};
    use std::sync::Arc;

    #[test]
    fn libvirt_reads_both_hosts() {
        let dir = tempfile::tempdir().unwrap();
        let uris = prepare(dir.path()).unwrap();
        let count = |uri: &String| {
            let host = Host::open_now(uri, Arc::new(NoCredentials)).unwrap();
            host.call(|c| Ok(c.list_all_domains(0)?.len())).unwrap()
        };
        assert_eq!(uris.iter().map(count).collect::<Vec<_>>(), [12, 12]);
    }
}
