//! Sources and sinks. A source is an execution plan whose rows carry where they came from; a sink stages files and
//! publishes them. Nothing here decides about rows.

pub mod sink;
pub mod source;
