//! The core of healing: what failed, which clause answers it, on what evidence, within what bounds, and what is written
//! down about it. Pure: no files, no clock, no randomness but from explicit seeds; the run engine executes what is
//! decided here.
//!
//! | module | subject |
//! |---|---|
//! | [`failure`] | failures as typed values, and how reports print them |
//! | [`matching`] | which clauses of a block match a failure |
//! | [`action`] | actions with what they left out filled in |
//! | [`fate`] | what becomes of a row |
//! | [`proposal`] | proposed cells, and two proposals for one |
//! | [`vote`] | the majority's evidence |
//! | [`beta`] | quantiles of the beta distribution |
//! | [`confidence`] | what people's approvals say of a clause |
//! | [`gates`] | whether a proposal is applied, waits or is refused |
//! | [`form`] | what a text looks like |
//! | [`profile`] | what is remembered of a column |
//! | [`names`] | how alike two column names are |
//! | [`rename`] | which found column is the missing one |
//! | [`structural`] | a changed source, as opposed to bad rows |
//! | [`classify`] | errors to kinds |
//! | [`retry`] | which kinds are tried again, and when |

pub mod action;
pub mod beta;
pub mod classify;
pub mod confidence;
pub mod failure;
pub mod fate;
pub mod form;
pub mod gates;
pub mod matching;
pub mod names;
pub mod profile;
pub mod proposal;
pub mod rename;
pub mod retry;
pub mod structural;
pub mod vote;

#[cfg(test)]
mod testing;
