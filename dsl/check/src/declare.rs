//! `param`, `secret`, `connection`, `channel`.

use pipe_diagnostics::{Diagnostic, codes::config as config_codes, codes::names as codes, codes::sql as sql_codes};
use pipe_schema::{ConfigKey, Connector, Type};
use pipe_syntax::{self as syntax, Literal, Name, Spanned, TypeName};

use crate::config::{Owner, config, no_credentials};
use crate::cx::{Cx, suggest, unknown};
use crate::literals;
use crate::program::{Connection, Param, Secret};

/// Where secrets come from.
const PROVIDERS: [&str; 2] = ["env", "file"];

/// A type as written.
pub(crate) fn type_name(cx: &mut Cx<'_>, written: &TypeName) -> Option<Type> {
    let found = Type::parse(&written.value);
    if found.is_none() {
        let word = written.split(['(', '[', '<', ' ']).next().unwrap_or("");
        let help = if Type::words().contains(&word) {
            Some("write it as in `decimal(10, 2)`, `int[]`, `struct<a int, b text>`".to_owned())
        } else {
            suggest(word, Type::words().iter().copied())
        };
        let message = format!("unknown type `{}`", written.value);
        cx.report(Diagnostic::error(codes::UNKNOWN_TYPE, message, written.span).maybe_help(help));
    }
    found
}

/// `param name type [= literal];`
pub(crate) fn param(cx: &mut Cx<'_>, p: &syntax::Param) -> Option<Param> {
    let ty = type_name(cx, &p.ty)?;
    if let Some(Spanned { value: Literal::Text(text), span }) = &p.default {
        no_credentials(cx, text, *span);
    }
    if let Some(default) = &p.default
        && !literals::fits(&default.value, &ty)
    {
        let message = format!("the default of `{}` is no `{ty}`", p.name.value);
        cx.report(
            Diagnostic::error(sql_codes::PARAM_VALUE, message, default.span)
                .help(format!("write a value such as `{}`", literals::example(&ty))),
        );
        return None;
    }
    let default = p.default.as_ref().map(|d| d.value.clone());
    Some(Param { name: p.name.value.clone(), ty, default, span: p.name.span })
}

/// `secret name from provider 'key';`
pub(crate) fn secret(cx: &mut Cx<'_>, s: &syntax::Secret) -> Option<Secret> {
    if !PROVIDERS.contains(&s.provider.as_str()) {
        cx.unknown(codes::UNKNOWN_PROVIDER, "provider of secrets", &s.provider, PROVIDERS);
        return None;
    }
    Some(Secret {
        name: s.name.value.clone(),
        provider: s.provider.value.clone(),
        key: s.key.value.clone(),
        span: s.name.span,
    })
}

/// `connection name connector [with (…)];`
pub(crate) fn connection(cx: &mut Cx<'_>, c: &syntax::Connection) -> Option<Connection> {
    let Some(connector) = pipe_schema::connector(&c.kind) else {
        let known = pipe_schema::connectors().iter().map(|c| c.name);
        cx.unknown(codes::UNKNOWN_CONNECTOR, "connector", &c.kind, known);
        return None;
    };
    let owner = Owner { what: format!("a connection to `{}`", connector.name), at: c.name.span, table: None };
    let config = config(cx, &[connector.connection_keys], c.with.as_ref(), &owner);
    Some(Connection { name: c.name.value.clone(), kind: connector.name.to_owned(), config, span: c.name.span })
}

/// `channel name kind [with (…)];`
pub(crate) fn channel(cx: &mut Cx<'_>, c: &syntax::Connection) -> Option<Connection> {
    let Some(kind) = pipe_schema::channel(&c.kind) else {
        let known = pipe_schema::channels().iter().map(|c| c.name);
        cx.unknown(config_codes::UNKNOWN_CHANNEL_KIND, "kind of channel", &c.kind, known);
        return None;
    };
    let owner = Owner { what: format!("a `{}` channel", kind.name), at: c.name.span, table: None };
    let config = config(cx, &[kind.keys], c.with.as_ref(), &owner);
    Some(Connection { name: c.name.value.clone(), kind: kind.name.to_owned(), config, span: c.name.span })
}

/// What a source reads through or a load writes through: a declared connection, or a connector by itself.
pub(crate) struct Via {
    pub(crate) connector: &'static Connector,
    pub(crate) connection: Option<String>,
}

impl Via {
    /// The keys of a statement that goes this way: without a connection it takes the connection's keys among its own.
    pub(crate) fn keys(&self, own: &'static [ConfigKey]) -> [&'static [ConfigKey]; 2] {
        [if self.connection.is_some() { &[] } else { self.connector.connection_keys }, own]
    }
}

/// Looks up the word behind `from` or `into`.
pub(crate) fn via(cx: &mut Cx<'_>, name: &Name) -> Option<Via> {
    let names = cx.names;
    if let Some(c) = names.connections.get(name.as_str()) {
        // An unknown kind was reported where the connection is declared.
        let connector = pipe_schema::connector(&c.kind)?;
        return Some(Via { connector, connection: Some(name.value.clone()) });
    }
    if let Some(connector) = pipe_schema::connector(name) {
        return Some(Via { connector, connection: None });
    }
    if !names.may_be_broken(name) {
        let known: Vec<&str> =
            names.connections.keys().copied().chain(pipe_schema::connectors().iter().map(|c| c.name)).collect();
        let mut d = unknown(codes::UNKNOWN_CONNECTOR, "connection or connector", name, known);
        if d.help.is_none() {
            d = d.help("declare it with `connection name connector with (…);`");
        }
        cx.report(d);
    }
    None
}
