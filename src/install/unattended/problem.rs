//! What is wrong in an unattended file, as values: `Display` says it in English, the window translates. Words of the file
//! in them are shortened.

/// What the installer would stumble over, or ask for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineProblem {
    #[error("this is no text file")]
    NoText,
    #[error("the file is empty")]
    Empty,
    #[error("this is a web page or XML, no kickstart or preseed file")]
    WebPage,
    #[error("this is a preseed file; this installer wants a kickstart file")]
    Preseed,
    #[error("this is a kickstart file; Debian's installer wants a preseed file")]
    Kickstart,
    #[error("this installer knows no section “{0}”")]
    NewSection(String),
    #[error("“{0}” is no section of a kickstart file")]
    NoSection(String),
    #[error("“{0}” is not ended by “%end”")]
    NotEnded(String),
    #[error("“%end” without a section that it could end")]
    StrayEnd,
    #[error("an installer of this age knows no “%end” and may take it for a part of the section")]
    EndTooNew,
    #[error("“{0}” is no kickstart command")]
    NoCommand(String),
    #[error("this installer's generation knows no command “{0}”")]
    OtherCommand(String),
    #[error("{0}")]
    Missing(Wanted),
    #[error("“--device” names no device (such as eth0, or link)")]
    NoDevice,
    #[error("“--bootproto=static” without “--ip=”: the installer will ask for the address")]
    NoAddress,
    #[error("“--bootproto={0}” is none of dhcp, bootp, static, query, ibft")]
    BootProto(String),
    #[error("“--{option}={text}” is no address")]
    BadAddress { option: &'static str, text: String },
    #[error("the last line ends with “\\”, as if it went on")]
    GoesOn,
    #[error("“{0}” is not OWNER QUESTION TYPE VALUE")]
    NotFour(String),
    #[error("“{0}” is no question's name: there is no “/” in it")]
    NoQuestion(String),
    #[error("“{0}” is no type; a type is string, boolean, select, multiselect, password…")]
    NoType(String),
    #[error("“{0}” is neither true nor false")]
    NotBoolean(String),
}

/// What a kickstart file needs for a run without questions, and what happens without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wanted {
    #[error("there is no “lang”: the installer will ask for the language")]
    Language,
    #[error("there is no “keyboard”: the installer will ask for the layout")]
    Keyboard,
    #[error("there is no “timezone”: the installer will ask for it")]
    TimeZone,
    #[error("there is no “rootpw”: the installer will ask for a password")]
    Password,
    #[error("there is no “bootloader”: the installed system may not boot")]
    BootLoader,
    #[error("there is no disk layout (“autopart” or “part”): the installer will ask")]
    DiskLayout,
}
