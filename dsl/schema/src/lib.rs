//! What the language offers, as data: connectors with their keys, failures with their fields, actions, predicates, types.
//!
//! The checker, the editor, the reference, `pipe explain` and the engine all read these tables; nothing here runs.
//! A feature whose engine comes later is listed with `available: false`: it is checked, and `run` refuses it by name.

mod action;
mod catalogue;
mod channel;
mod config;
mod connector;
mod failure;
mod keys;
mod meaning;
mod modifier;
mod postal;
mod predicate;
pub mod reference;
mod statement;
mod table_function;
mod types;

pub use action::{ActionInfo, action, actions};
pub use catalogue::{Kind, Way, catalogue, kind};
pub use channel::{ChannelInfo, channel, channels};
pub use config::{Choice, Config, ConfigKey, ConfigValue, KeyType, PartitionField, Transform};
pub use connector::{Connector, connector, connectors};
pub use failure::{
    DIMENSIONS, FailureInfo, Field, FieldType, KINDS, PHASES, SEVERITIES, STRUCTURAL_REASONS, failure, failures,
};
pub use keys::{heal_keys, model_keys};
pub use meaning::{Claim, Finding, RecipeCase, claims, recipe_cases};
pub use modifier::{Modified, ModifierInfo, modifier, modifiers};
pub use postal::{postal_countries, postal_patterns};
pub use predicate::{Level, PredicateInfo, predicate, predicates};
pub use statement::{StatementInfo, statement, statements};
pub use table_function::{TableFunctionInfo, table_function, table_functions};
pub use types::{Type, TypeClass};

#[cfg(test)]
mod tests;
