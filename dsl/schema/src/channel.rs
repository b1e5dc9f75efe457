//! Channels: where a notification goes.

use crate::{ConfigKey, KeyType};

/// A kind of channel.
#[derive(Clone, Copy, Debug)]
pub struct ChannelInfo {
    /// As written: `file`, `webhook`.
    pub name: &'static str,
    /// One sentence.
    pub doc: &'static str,
    /// A statement that declares one.
    pub example: &'static str,
    /// Its keys.
    pub keys: &'static [ConfigKey],
    /// Whether this binary can send to it.
    pub available: bool,
}

const URL: ConfigKey =
    ConfigKey::new("url", KeyType::Text, "The address notifications are sent to.", "secret oncall_url")
        .required()
        .secret();

const CHANNELS: &[ChannelInfo] = &[
    ChannelInfo {
        name: "email",
        doc: "Sends a mail.",
        example: "channel oncall email with (server = secret smtp_url, from = 'pipe@shop.example', to = ['data@shop.example']);",
        keys: &[
            ConfigKey::new("server", KeyType::Text, "The mail server, as an `smtps://` URL.", "secret smtp_url")
                .required()
                .secret(),
            ConfigKey::new("from", KeyType::Text, "The sender.", "'pipe@shop.example'").required(),
            ConfigKey::new("to", KeyType::Texts, "The recipients.", "['data@shop.example']").required(),
        ],
        available: false,
    },
    ChannelInfo {
        name: "file",
        doc: "Appends a JSON object a line to a file.",
        example: "channel log file with (path = 'alerts.ndjson');",
        keys: &[
            ConfigKey::new("path", KeyType::Text, "The file, relative to the program.", "'alerts.ndjson'").required()
        ],
        available: true,
    },
    ChannelInfo {
        name: "pagerduty",
        doc: "Opens an incident.",
        example: "channel oncall pagerduty with (routing_key = secret pagerduty_key);",
        keys: &[ConfigKey::new("routing_key", KeyType::Text, "The service's integration key.", "secret pagerduty_key")
            .required()
            .secret()],
        available: false,
    },
    ChannelInfo {
        name: "slack",
        doc: "Posts to a Slack webhook.",
        example: "channel oncall slack with (url = secret slack_url);",
        keys: &[URL],
        available: false,
    },
    ChannelInfo {
        name: "stdout",
        doc: "Prints a line; with `--format json` it goes to standard error.",
        example: "channel screen stdout;",
        keys: &[],
        available: true,
    },
    ChannelInfo {
        name: "teams",
        doc: "Posts to a Microsoft Teams webhook.",
        example: "channel oncall teams with (url = secret teams_url);",
        keys: &[URL],
        available: false,
    },
    ChannelInfo {
        name: "webhook",
        doc: "Posts a JSON object to an address.",
        example: "channel oncall webhook with (url = secret oncall_url);",
        keys: &[URL],
        available: false,
    },
];

/// All kinds of channels, by name.
pub fn channels() -> &'static [ChannelInfo] {
    CHANNELS
}

/// The kind of channel with this name.
pub fn channel(name: &str) -> Option<&'static ChannelInfo> {
    channels().iter().find(|c| c.name == name)
}
