//! Values that a run gives for params, where config keys name them.

use std::collections::BTreeMap;

use pipe_diagnostics::{Diagnostic, Severity, codes};
use pipe_schema::{Config, KeyType, TypeClass};
use pipe_syntax::Literal;

use crate::config::bind;
use crate::load::Loaded;
use crate::program::Program;

/// A param's value that a key cannot take.
#[derive(Clone, Debug, PartialEq)]
pub struct Misfit {
    /// The key.
    pub key: &'static str,
    /// The param.
    pub param: String,
    /// What the key takes.
    pub takes: KeyType,
}

impl std::fmt::Display for Misfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "param `{}` cannot stand for key `{}`: it takes {}", self.param, self.key, self.takes.expected())
    }
}

impl std::error::Error for Misfit {}

impl Loaded {
    /// The same with the texts of `--param name=value`, read as the params' types say. What a key cannot take is an error among
    /// the diagnostics; unknown params and texts that are no value of their type are the planner's business.
    pub fn give(&mut self, texts: &BTreeMap<String, String>) {
        let literal = |(name, text): (&String, &String)| {
            let ty = &self.program.params.get(name)?.ty;
            let literal = match ty.class() {
                TypeClass::Text => Literal::Text(text.clone()),
                TypeClass::Number => Literal::Number(text.replace('_', "")),
                TypeClass::Boolean => Literal::Bool(text.parse().ok()?),
                _ => Literal::Typed(ty.to_string(), text.clone()),
            };
            Some((name.clone(), literal))
        };
        let values = texts.iter().filter_map(literal).collect();
        for misfit in self.program.configure(&values) {
            let span = self.program.params.get(&misfit.param).map(|p| p.span);
            let message = misfit.to_string();
            self.diagnostics.push(match span {
                Some(span) => Diagnostic::error(codes::config::PARAM_VALUE, message, span),
                None => Diagnostic::new(codes::config::PARAM_VALUE, Severity::Error, message),
            });
        }
    }
}

impl Program {
    /// Puts the values that a run gives for params (`--param name=value`) into the config keys that name them, and into the params. What a key cannot take is left as it was and given back; values of their declared types are the caller's business.
    pub fn configure(&mut self, values: &BTreeMap<String, Literal>) -> Vec<Misfit> {
        for (name, value) in values {
            if let Some(param) = self.params.get_mut(name) {
                param.default = Some(value.clone());
            }
        }
        let connections = self.connections.values_mut().chain(self.channels.values_mut()).map(|c| &mut c.config);
        let tables =
            self.sources.values_mut().map(|s| &mut s.config).chain(self.models.values_mut().map(|m| &mut m.config));
        let rest = self.heals.values_mut().map(|h| &mut h.config).chain(self.loads.iter_mut().map(|l| &mut l.config));
        connections.chain(tables).chain(rest).flat_map(|config| put(config, values)).collect()
    }
}

fn put(config: &mut Config, values: &BTreeMap<String, Literal>) -> Vec<Misfit> {
    let mut misfits = Vec::new();
    for (key, takes, param) in &config.params {
        let Some(literal) = values.get(param) else { continue };
        match bind(*takes, literal) {
            Some(value) => _ = config.values.insert(key, value),
            None => misfits.push(Misfit { key, param: param.clone(), takes: *takes }),
        }
    }
    misfits
}
