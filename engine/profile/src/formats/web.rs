//! Addresses of the net.

/// Whether a text is an e-mail address of the everyday kind: a local part of the characters of RFC 5322's dot-atoms, a host name with a dot.
pub fn email(text: &str) -> bool {
    let Some((local, host)) = text.rsplit_once('@') else { return false };
    let atom = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let labels: Vec<&str> = host.split('.').collect();
    let label = |l: &&str| {
        !l.is_empty() && !l.starts_with('-') && !l.ends_with('-') && l.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    !local.is_empty()
        && local.len() <= 64
        && local.chars().all(atom)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && labels.len() >= 2
        && labels.iter().all(label)
        && labels.last().is_some_and(|l| l.len() >= 2 && !l.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether a text is a URL with a scheme and a host.
pub fn url(text: &str) -> bool {
    text.contains("://") && url::Url::parse(text).is_ok_and(|u| u.has_host())
}
