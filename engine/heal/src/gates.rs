//! Gates: whether a proposal is applied, waits or is refused, with the sentence people read.
//!
//! In order: no key and no immutable column touched unless the clause names it; budgets; confidence. The first that says no
//! decides. Before them an action must be complete ([`crate::action::completed`]) and proposals for one cell agree
//! ([`crate::proposal::resolve`]); behind them the caller judges the repaired rows again.

use std::collections::BTreeSet;

use pipe_check::Clause;
use pipe_schema::Config;

use crate::action::ResolvedAction;
use crate::confidence::Posterior;
use crate::matching::names_column;
use crate::rename;
use crate::structural::percent;

/// Who decides on inferred repairs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// The instance's confidence, unless people have turned the clause down.
    Automatic,
    /// The instance's confidence and the clause's; else someone.
    #[default]
    SemiAutomatic,
    /// Someone, also on repairs stated in full.
    Manual,
}

/// The `with` of a heal block.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Who decides.
    pub mode: Mode,
    /// The threshold, 0 to 1.
    pub confidence: f64,
    /// The share of a column's cells a clause may change in a run by inference, 0 to 1.
    pub max_healed_cells: f64,
    /// The share of the rows a clause may change in a run by inference, 0 to 1; `None`: any number.
    pub max_healed_rows: Option<f64>,
    /// The share of rows that may stay unhealed, 0 to 1.
    pub max_quarantine: f64,
    /// Columns no clause touches that does not name them.
    pub immutable: BTreeSet<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            confidence: 0.9,
            max_healed_cells: 0.2,
            max_healed_rows: None,
            max_quarantine: 0.5,
            immutable: BTreeSet::new(),
        }
    }
}

impl Settings {
    /// Reads a block's configuration.
    pub fn from_config(config: &Config) -> Self {
        let default = Self::default();
        Self {
            mode: match config.text("mode") {
                Some("automatic") => Mode::Automatic,
                Some("manual") => Mode::Manual,
                _ => Mode::SemiAutomatic,
            },
            confidence: config.share("confidence").unwrap_or(default.confidence),
            max_healed_cells: config.share("max_healed_cells").unwrap_or(default.max_healed_cells),
            max_healed_rows: config.share("max_healed_rows"),
            max_quarantine: config.share("max_quarantine").unwrap_or(default.max_quarantine),
            immutable: config.list("immutable").iter().cloned().collect(),
        }
    }
}

/// Why a proposal is refused: what the clause's `else` takes.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// It would write to a key.
    #[error("`{column}` is a key: the clause must name it to change it")]
    Key {
        /// The column.
        column: String,
    },
    /// It would write to a column declared immutable.
    #[error("`{column}` is immutable: the clause must name it to change it")]
    Immutable {
        /// The column.
        column: String,
    },
    /// A table rule held without the repair and fails with it.
    #[error("`{rule}` holds without these repairs and fails with them")]
    TableRule {
        /// The rule.
        rule: String,
    },
    /// A person took this very repair back.
    #[error("heal {heal}, which made the same repair, was undone; another text of the clause may repair it again")]
    Undone {
        /// The heal that was undone.
        heal: i64,
    },
    /// The evidence is too weak.
    #[error("confidence {confidence:.3} is below {threshold}")]
    Confidence {
        /// The instance's.
        confidence: f64,
        /// What is asked for.
        threshold: f64,
    },
    /// People have turned the clause down.
    #[error("people turned this clause down: it is right at most {upper:.3} of the time, below {threshold}")]
    TurnedDown {
        /// The clause's upper 90% bound.
        upper: f64,
        /// What is asked for.
        threshold: f64,
    },
}

/// Why a proposal waits for someone.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Waiting {
    /// Everything does.
    #[error("`mode = manual`: every repair waits for approval")]
    Manual,
    /// The clause would change too much of a column.
    #[error("{changed} of {cells} cells of `{column}` would change: more than `max_healed_cells` {}%", percent(*.share))]
    Cells {
        /// The column.
        column: String,
        /// Cells the clause changes in this run.
        changed: u64,
        /// The column's cells.
        cells: u64,
        /// The budget.
        share: f64,
    },
    /// The clause would change too many rows.
    #[error("{changed} of {rows} rows would change: more than `max_healed_rows` {}%", percent(*.share))]
    Rows {
        /// Rows the clause changes in this run.
        changed: u64,
        /// The batch's rows.
        rows: u64,
        /// The budget.
        share: f64,
    },
    /// The clause has not been approved often enough.
    #[error("the clause is right at least {lower:.3} of the time by what people approved, below {threshold}")]
    Unproven {
        /// The clause's lower 90% bound.
        lower: f64,
        /// What is asked for.
        threshold: f64,
    },
    /// The rename is not certain enough.
    #[error("score {score:.3} and margin {margin:.3}: a rename by evidence needs {least_score} and {least_margin}")]
    Rename {
        /// The candidate's score.
        score: f64,
        /// Its distance to the second best.
        margin: f64,
        /// What the score must be; 0 when the guard decided it.
        least_score: f64,
        /// What the margin must be; 0 when the guard decided it.
        least_margin: f64,
    },
}

/// What becomes of a proposal.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It is applied.
    Apply,
    /// Someone must approve.
    Wait(Waiting),
    /// A gate said no; `else` takes over.
    Refuse(Refusal),
}

/// What a clause did to a column in this run, this round's proposals included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnUse {
    /// The column.
    pub column: String,
    /// Cells it changes.
    pub changed: u64,
    /// The column's cells: the batch's rows.
    pub cells: u64,
}

/// One clause's proposals, for [`decide`].
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The clause.
    pub clause: &'a Clause,
    /// Its action.
    pub action: &'a ResolvedAction,
    /// The block's settings.
    pub settings: &'a Settings,
    /// The table's key columns: of its loads and of what its `references` point at.
    pub keys: &'a BTreeSet<String>,
    /// What people did about the clause.
    pub people: Posterior,
    /// What it changes, by column.
    pub columns: &'a [ColumnUse],
    /// Rows it changes in this run, this round's included.
    pub changed_rows: u64,
    /// The batch's rows.
    pub rows: u64,
}

/// The decision on a clause's proposals: all of them, or each by its confidence.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    whole: Option<Outcome>,
    threshold: Option<f64>,
    then: Outcome,
    /// How it was reached, a line each: budgets and the clause's confidence. The instance's evidence has its own lines.
    pub arithmetic: Vec<String>,
}

impl Decision {
    /// What becomes of a proposal with this confidence (the instance's, 0 to 1).
    pub fn of(&self, confidence: f64) -> Outcome {
        if let Some(outcome) = &self.whole {
            return outcome.clone();
        }
        match self.threshold {
            Some(threshold) if confidence.is_nan() || confidence < threshold => {
                Outcome::Refuse(Refusal::Confidence { confidence, threshold })
            }
            _ => self.then.clone(),
        }
    }
}

/// Passes a clause's proposals through the gates that are decided for the clause as a whole. Actions that are no repair
/// (`quarantine`, `notify`, …) pass.
pub fn decide(request: &Request<'_>) -> Decision {
    let mut decision = Decision { whole: None, threshold: None, then: Outcome::Apply, arithmetic: Vec::new() };
    let Request { action, settings, people, .. } = *request;
    if !action.repairs() {
        return decision;
    }
    if let Err(refusal) = untouched(request.clause, action, request.keys, &settings.immutable) {
        decision.whole = Some(Outcome::Refuse(refusal));
        return decision;
    }
    if action.inferred()
        && let Err(waiting) = within_budget(request, &mut decision.arithmetic)
    {
        decision.whole = Some(Outcome::Wait(waiting));
        return decision;
    }
    if settings.mode == Mode::Manual {
        decision.whole = Some(Outcome::Wait(Waiting::Manual));
        return decision;
    }
    if action.inferred() {
        let threshold = settings.confidence;
        decision.threshold = Some(threshold);
        if settings.mode == Mode::Automatic {
            // Without a rejection nobody turned it down, however high the threshold.
            if people.rejected > 0.0 {
                decision.arithmetic.push(people.upper_arithmetic());
                let upper = people.upper();
                if upper < threshold {
                    decision.then = Outcome::Refuse(Refusal::TurnedDown { upper, threshold });
                }
            }
        } else {
            decision.arithmetic.push(people.lower_arithmetic());
            let lower = people.lower();
            if lower < threshold {
                decision.then = Outcome::Wait(Waiting::Unproven { lower, threshold });
            }
        }
    }
    decision
}

/// Passes when the action writes to no key and no immutable column, or the clause names it.
///
/// # Errors
/// The first column it must not touch.
pub fn untouched(
    clause: &Clause,
    action: &ResolvedAction,
    keys: &BTreeSet<String>,
    immutable: &BTreeSet<String>,
) -> Result<(), Refusal> {
    for column in action.writes().iter().filter(|c| !names_column(clause, c)) {
        if keys.contains(column) {
            return Err(Refusal::Key { column: column.clone() });
        }
        if immutable.contains(column) {
            return Err(Refusal::Immutable { column: column.clone() });
        }
    }
    Ok(())
}

/// Over a budget, the clause's proposals wait together, all or none.
fn within_budget(request: &Request<'_>, arithmetic: &mut Vec<String>) -> Result<(), Waiting> {
    let Settings { max_healed_cells: share, max_healed_rows, .. } = *request.settings;
    for ColumnUse { column, changed, cells } in request.columns {
        arithmetic.push(format!("{changed} of {cells} cells of `{column}`, budget {}%", percent(share)));
        if exceeds(*changed, *cells, share) {
            return Err(Waiting::Cells { column: column.clone(), changed: *changed, cells: *cells, share });
        }
    }
    let (changed, rows) = (request.changed_rows, request.rows);
    match max_healed_rows {
        Some(share) if exceeds(changed, rows, share) => Err(Waiting::Rows { changed, rows, share }),
        _ => Ok(()),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share of row counts")]
fn exceeds(part: u64, whole: u64, share: f64) -> bool {
    // With a hair's breadth: 0.2 * 15 is a little more than 3 in binary, 0.1 * 30 a little less.
    part as f64 > share * whole as f64 * (1.0 + 1e-12)
}

/// Decides a rename by evidence (`rename` without names): the score and the margin must both be enough. Where the clause's
/// guard speaks of `$score` or `$margin`, the guard, which held, is that one's bound. A rename whose names are written was
/// decided by whoever wrote them.
pub fn decide_rename(clause: &Clause, stated: bool, settings: &Settings, score: f64, margin: f64) -> Outcome {
    if settings.mode == Mode::Manual {
        return Outcome::Wait(Waiting::Manual);
    }
    let guarded = |field: &str| clause.guard.iter().flat_map(|g| &g.params).any(|p| p.value == field);
    let bound = |field: &str, default: f64| if stated || guarded(field) { 0.0 } else { default };
    let least_score = bound("score", rename::LEAST_SCORE);
    let least_margin = bound("margin", rename::LEAST_MARGIN);
    if score >= least_score && margin >= least_margin || stated {
        Outcome::Apply
    } else {
        Outcome::Wait(Waiting::Rename { score, margin, least_score, least_margin })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::clause;

    fn columns(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|n| (*n).to_owned()).collect()
    }

    fn majority() -> ResolvedAction {
        ResolvedAction::Majority { columns: vec!["city".into()], by: Vec::new() }
    }

    fn set() -> ResolvedAction {
        let value = Box::new(crate::testing::expression("1"));
        ResolvedAction::Set { column: "city".into(), value, filter: None }
    }

    struct Case {
        clause: &'static str,
        action: ResolvedAction,
        settings: Settings,
        keys: BTreeSet<String>,
        people: Posterior,
        changed: u64,
    }

    fn case(action: ResolvedAction, mode: Mode) -> Case {
        Case {
            clause: "on rule_failed(check: determines) => majority else keep;",
            action,
            settings: Settings { mode, ..Settings::default() },
            keys: BTreeSet::new(),
            people: Posterior::default(),
            changed: 20,
        }
    }

    impl Case {
        fn decide(&self) -> Decision {
            let columns = [ColumnUse { column: "city".into(), changed: self.changed, cells: 100 }];
            decide(&Request {
                clause: &clause(self.clause),
                action: &self.action,
                settings: &self.settings,
                keys: &self.keys,
                people: self.people,
                columns: &columns,
                changed_rows: self.changed,
                rows: 100,
            })
        }

        fn of(&self, confidence: f64) -> Outcome {
            self.decide().of(confidence)
        }
    }

    #[test]
    fn automatic_goes_by_the_instance() {
        let c = case(majority(), Mode::Automatic);
        assert_eq!(c.of(0.9), Outcome::Apply);
        assert_eq!(c.of(0.89), Outcome::Refuse(Refusal::Confidence { confidence: 0.89, threshold: 0.9 }));
        assert!(matches!(c.of(f64::NAN), Outcome::Refuse(_)));
        assert_eq!(c.decide().arithmetic, ["20 of 100 cells of `city`, budget 20%"]);
    }

    #[test]
    fn automatic_obeys_those_who_turned_it_down() {
        let mut c = case(majority(), Mode::Automatic);
        c.people.rejected = 1.0;
        assert!(matches!(c.of(1.0), Outcome::Refuse(Refusal::TurnedDown { .. })));
        assert!(c.decide().arithmetic.last().unwrap().starts_with("clause Beta(1+0, 1+1): upper 90% bound 0.684"));
        // Nobody has: a threshold above the bound of not knowing refuses nothing.
        c.people.rejected = 0.0;
        c.settings.confidence = 0.95;
        assert_eq!(c.of(0.96), Outcome::Apply);
    }

    #[test]
    fn semi_automatic_waits_until_the_clause_is_trusted() {
        let mut c = case(majority(), Mode::SemiAutomatic);
        let Outcome::Wait(waiting) = c.of(1.0) else { panic!() };
        assert_eq!(
            waiting.to_string(),
            "the clause is right at least 0.100 of the time by what people approved, below 0.9"
        );
        assert!(matches!(c.of(0.5), Outcome::Refuse(Refusal::Confidence { .. })), "weak evidence is not worth asking");
        assert_eq!(c.decide().arithmetic.last().unwrap(), "clause Beta(1+0, 1+0): lower 90% bound 0.100");
        c.people.approved = 20.0;
        assert!(matches!(c.of(1.0), Outcome::Wait(_)));
        c.people.approved = 21.0;
        assert_eq!(c.of(1.0), Outcome::Apply);
    }

    #[test]
    fn what_is_stated_in_full_runs_unless_manual() {
        for mode in [Mode::Automatic, Mode::SemiAutomatic] {
            let mut c = case(set(), mode);
            c.changed = 100;
            assert_eq!(c.of(0.0), Outcome::Apply, "no budget, no threshold");
        }
        assert_eq!(case(set(), Mode::Manual).of(1.0), Outcome::Wait(Waiting::Manual));
        assert_eq!(case(majority(), Mode::Manual).of(0.1), Outcome::Wait(Waiting::Manual));
        assert_eq!(case(ResolvedAction::Quarantine, Mode::Manual).of(1.0), Outcome::Apply, "no repair");
    }

    #[test]
    fn over_the_budget_all_wait() {
        let mut c = case(majority(), Mode::Automatic);
        c.changed = 21;
        let Outcome::Wait(waiting) = c.of(1.0) else { panic!() };
        assert_eq!(waiting.to_string(), "21 of 100 cells of `city` would change: more than `max_healed_cells` 20%");
        c.settings.max_healed_cells = 1.0;
        assert_eq!(c.of(1.0), Outcome::Apply);
        c.settings.max_healed_rows = Some(0.05);
        let Outcome::Wait(waiting) = c.of(1.0) else { panic!() };
        assert_eq!(waiting.to_string(), "21 of 100 rows would change: more than `max_healed_rows` 5%");
        // Exactly the share is within it, whatever binary fractions make of it.
        assert!(!exceeds(3, 30, 0.1) && !exceeds(3, 15, 0.2) && exceeds(4, 15, 0.2));
    }

    #[test]
    fn keys_and_immutable_columns_must_be_named() {
        let mut c = case(set(), Mode::Automatic);
        c.clause = "on rule_failed => set other = (1);";
        c.keys = columns(&["city"]);
        assert_eq!(c.of(1.0), Outcome::Refuse(Refusal::Key { column: "city".into() }));
        c.keys.clear();
        c.settings.immutable = columns(&["city"]);
        let Outcome::Refuse(refusal) = c.of(1.0) else { panic!() };
        assert_eq!(refusal.to_string(), "`city` is immutable: the clause must name it to change it");
        c.clause = "on rule_failed => set city = (1);";
        assert_eq!(c.of(1.0), Outcome::Apply);
        c.settings.immutable = columns(&["id"]);
        c.clause = "on rule_failed => majority;";
        assert_eq!(c.of(1.0), Outcome::Apply);
    }

    #[test]
    fn a_rename_needs_score_and_margin() {
        let free = clause("on missing_column => rename;");
        let scored = clause("on missing_column where ($score >= 0.6) => rename;");
        let both = clause("on missing_column where ($score >= 0.6 and $margin >= 0.01) => rename;");
        let of = |c: &Clause, score, margin| decide_rename(c, false, &Settings::default(), score, margin);
        assert_eq!(of(&free, 0.8, 0.15), Outcome::Apply);
        assert!(matches!(of(&free, 0.79, 0.5), Outcome::Wait(_)) && matches!(of(&free, 0.99, 0.1), Outcome::Wait(_)));
        assert_eq!(of(&scored, 0.7, 0.15), Outcome::Apply);
        assert!(matches!(of(&scored, 0.95, 0.02), Outcome::Wait(_)), "the guard says nothing of the margin");
        assert_eq!(of(&both, 0.7, 0.02), Outcome::Apply);
        let manual = Settings { mode: Mode::Manual, ..Settings::default() };
        assert_eq!(decide_rename(&both, true, &manual, 1.0, 1.0), Outcome::Wait(Waiting::Manual));
        assert_eq!(decide_rename(&free, true, &Settings::default(), 0.0, 0.0), Outcome::Apply, "stated");
    }

    #[test]
    fn settings_are_read_from_the_block() {
        use pipe_schema::ConfigValue;
        assert_eq!(Settings::from_config(&Config::default()), Settings::default());
        let mut config = Config::default();
        config.values.insert("mode", ConfigValue::Word("automatic".into()));
        config.values.insert("confidence", ConfigValue::Share(0.5));
        config.values.insert("max_healed_cells", ConfigValue::Share(1.0));
        config.values.insert("max_healed_rows", ConfigValue::Share(0.1));
        config.values.insert("max_quarantine", ConfigValue::Share(0.2));
        config.values.insert("immutable", ConfigValue::Columns(vec!["id".into()]));
        let want = Settings {
            mode: Mode::Automatic,
            confidence: 0.5,
            max_healed_cells: 1.0,
            max_healed_rows: Some(0.1),
            max_quarantine: 0.2,
            immutable: columns(&["id"]),
        };
        assert_eq!(Settings::from_config(&config), want);
        // The defaults of the language are these.
        let defaults = Settings::default();
        let declared = |key: &str| pipe_schema::heal_keys().iter().find(|k| k.name == key).unwrap().default;
        assert_eq!(declared("confidence"), Some(defaults.confidence.to_string().as_str()));
        assert_eq!(declared("max_healed_cells"), Some(format!("{}%", percent(defaults.max_healed_cells)).as_str()));
        assert_eq!(declared("max_quarantine"), Some(format!("{}%", percent(defaults.max_quarantine)).as_str()));
        assert_eq!((declared("mode"), declared("max_healed_rows")), (Some("semi_automatic"), None));
    }

    fn permission(outcome: &Outcome) -> u8 {
        match outcome {
            Outcome::Refuse(_) => 0,
            Outcome::Wait(_) => 1,
            Outcome::Apply => 2,
        }
    }

    proptest! {
        #[test]
        fn better_evidence_is_never_judged_worse(
            mode in 0..2, a in 0.0f64..1.0, b in 0.0f64..1.0, approved in 0u8..60, rejected in 0u8..4, changed in 0u64..40,
        ) {
            let mut c = case(majority(), if mode == 0 { Mode::Automatic } else { Mode::SemiAutomatic });
            c.people = Posterior { approved: approved.into(), rejected: rejected.into() };
            c.changed = changed;
            let (low, high) = (a.min(b), a.max(b));
            prop_assert!(permission(&c.of(low)) <= permission(&c.of(high)));
            let before = permission(&c.of(high));
            c.people.approved += 1.0;
            prop_assert!(permission(&c.of(high)) >= before);
            c.people.rejected += 2.0;
            let rejected = permission(&c.of(high));
            c.people.rejected += 1.0;
            prop_assert!(permission(&c.of(high)) <= rejected);
            c.changed += 10;
            prop_assert!(permission(&c.of(1.0)) < 2 || c.changed <= 20);
        }
    }
}
