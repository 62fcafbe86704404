//! The command line of the window.
use clap::Parser;
use clap::builder::NonEmptyStringValueParser;

/// Manage virtual machines on many libvirt hosts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Parser)]
#[command(name = "drover", version, about)]
pub struct Cli {
    /// Open the host at this URI without saving it; may be given more than once
    #[arg(short, long, value_name = "URI", value_parser = NonEmptyStringValueParser::new())]
    pub connect: Vec<String>,
    /// Open this machine's console, as soon as its host is connected
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub show_domain_console: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connect_is_repeatable() {
        let cli = Cli::try_parse_from(["drover", "-c", "test:///default", "--connect", "qemu:///system"]).unwrap();
        assert_eq!(cli.connect, ["test:///default", "qemu:///system"]);
    }

    #[test]
    fn nothing_is_no_host() {
        assert!(Cli::try_parse_from(["drover", "--connect", ""]).is_err());
        assert!(Cli::try_parse_from(["drover", "--show-domain-console="]).is_err());
    }

    #[test]
    fn a_console_is_asked_for_by_name() {
        let cli = Cli::try_parse_from(["drover", "--show-domain-console", "node2"]).unwrap();
        assert_eq!(cli.show_domain_console.as_deref(), Some("node2"));
        assert!(Cli::try_parse_from(["drover", "stray"]).is_err());
    }
}
