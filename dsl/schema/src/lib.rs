//! What the language offers, as data: connectors with their keys, failures with their fields, actions, predicates, types.
//!
//! The checker, the editor, the reference, `pipe explain` and the engine all read these tables; nothing here runs.
//! A feature whose engine comes later is listed with `available: false`: it is checked, and `run` refuses it by name.

mod action;
mod config;
mod connector;
mod failure;
mod predicate;
mod types;

pub use action::{ActionInfo, actions, action};
pub use config::{Config, ConfigKey, ConfigValue, KeyType, PartitionField, Transform};
pub use connector::{Connector, connector, connectors};
pub use failure::{FailureInfo, Field, FieldType, KINDS, failure, failures};
pub use predicate::{Level, PredicateInfo, predicate, predicates};
pub use types::{Type, TypeClass};
