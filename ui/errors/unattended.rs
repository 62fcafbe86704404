//! What is wrong in an unattended file, translated.
use drover::finding::{LineProblem, Wanted};

use crate::i18n::{gettext, gettext_f};

/// What the installer would stumble over, or ask for.
pub fn line_problem(problem: &LineProblem) -> String {
    use LineProblem as P;
    match problem {
        P::NoText => gettext("this is no text file"),
        P::Empty => gettext("the file is empty"),
        P::WebPage => gettext("this is a web page or XML, no kickstart or preseed file"),
        P::Preseed => gettext("this is a preseed file; this installer wants a kickstart file"),
        P::Kickstart => gettext("this is a kickstart file; Debian's installer wants a preseed file"),
        P::NewSection(word) => gettext_f("this installer knows no section “{word}”", &[("word", word)]),
        P::NoSection(word) => gettext_f("“{word}” is no section of a kickstart file", &[("word", word)]),
        P::NotEnded(word) => gettext_f("“{word}” is not ended by “%end”", &[("word", word)]),
        P::StrayEnd => gettext("“%end” without a section that it could end"),
        P::EndTooNew => gettext("an installer of this age knows no “%end” and may take it for a part of the section"),
        P::NoCommand(word) => gettext_f("“{word}” is no kickstart command", &[("word", word)]),
        P::OtherCommand(word) => gettext_f("this installer's generation knows no command “{word}”", &[("word", word)]),
        P::Missing(wanted) => missing(*wanted),
        P::NoDevice => gettext("“--device” names no device (such as eth0, or link)"),
        P::NoAddress => gettext("“--bootproto=static” without “--ip=”: the installer will ask for the address"),
        P::BootProto(word) => {
            gettext_f("“--bootproto={word}” is none of dhcp, bootp, static, query, ibft", &[("word", word)])
        }
        P::BadAddress { option, text } => {
            gettext_f("“--{option}={text}” is no address", &[("option", option), ("text", text)])
        }
        P::GoesOn => gettext("the last line ends with a backslash, as if it went on"),
        P::NotFour(line) => gettext_f("“{line}” is not OWNER QUESTION TYPE VALUE", &[("line", line)]),
        P::NoQuestion(word) => gettext_f("“{word}” is no question's name: there is no “/” in it", &[("word", word)]),
        P::NoType(word) => gettext_f(
            "“{word}” is no type; a type is string, boolean, select, multiselect, password…",
            &[("word", word)],
        ),
        P::NotBoolean(word) => gettext_f("“{word}” is neither true nor false", &[("word", word)]),
    }
}

fn missing(wanted: Wanted) -> String {
    match wanted {
        Wanted::Language => gettext("there is no “lang”: the installer will ask for the language"),
        Wanted::Keyboard => gettext("there is no “keyboard”: the installer will ask for the layout"),
        Wanted::TimeZone => gettext("there is no “timezone”: the installer will ask for it"),
        Wanted::Password => gettext("there is no “rootpw”: the installer will ask for a password"),
        Wanted::BootLoader => gettext("there is no “bootloader”: the installed system may not boot"),
        Wanted::DiskLayout => gettext("there is no disk layout (“autopart” or “part”): the installer will ask"),
    }
}
