#!/bin/sh
# Regenerates flatpak/vendor: the sources of every crate in Cargo.lock, for the offline build in the manifest.
# Run it after each change of Cargo.lock, before flatpak-builder. The folder is not committed.
set -eu
cd "$(dirname "$0")"
rm -rf vendor
cargo vendor --quiet --locked --versioned-dirs --manifest-path ../Cargo.toml vendor >/dev/null
echo "flatpak/vendor: $(ls vendor | wc -l) crates"
echo "now: flatpak-builder --user --install --force-clean build flatpak/io.github.drover.Drover.yml"
