# rust.sh (to be sourced): cargo from the PATH or from where rustup puts it; where there is none, what to do.
PATH=$PATH:${CARGO_HOME:-${HOME:-}/.cargo}/bin
command -v cargo >/dev/null || {
  echo "Drover needs Rust 1.93 or later: install it from https://rustup.rs, then run this again." >&2
  exit 1
}
