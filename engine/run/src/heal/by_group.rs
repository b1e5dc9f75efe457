//! Set rules with a tolerance of each group: which groups have more violations than they may.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::logical_expr::Expr;
use futures::StreamExt;
use pipe_check::Rule;
use pipe_compile::SetAssertion;
use pipe_quality::{GroupCount, GroupKey, Groups};

use super::ids::{Ids, Numbered, row_ids};
use super::rows::numbered;
use super::sets::{FILE, Found, ROW, Standing, keyed};
use crate::engine::Stopped;
use crate::errors;
use crate::groups::{decide, is_grouped, named};

/// The groups of a rule that fail.
pub type FailingGroups = HashSet<GroupKey>;

impl Standing<'_> {
    /// Leaves of what a rule found the rows of groups that fail now, or `failed` before: the others are spared. Gives the groups that
    /// fail. Nothing happens to a rule whose tolerance is one of all rows.
    ///
    /// # Errors
    /// A query fails while running.
    pub async fn by_group(
        &self,
        rule: &Rule,
        assertion: &SetAssertion,
        failed: &FailingGroups,
        found: &mut Found,
    ) -> Result<FailingGroups, Stopped> {
        if !is_grouped(rule) {
            return Ok(FailingGroups::new());
        }
        let groups = Groups { columns: (0..rule.by.len()).collect(), failing: Arc::default() };
        let Counted { schema, keys, counts, violating } = self.counted(rule, assertion, &groups, found).await?;
        let (now, told) = decide(rule, counts, |number| {
            let key = keys.get(*number as usize).ok_or_else(|| errors::internal(&"a group without its key"))?;
            named(rule, &groups, &schema, key)
        })?;
        let now: HashSet<u32> = now.into_iter().collect();
        let fails = |number: usize| {
            let failed_before = || keys.get(number).is_some_and(|key| failed.contains(key));
            u32::try_from(number).is_ok_and(|number| now.contains(&number)) || failed_before()
        };
        let (left, spared): (Vec<Numbered>, Vec<Numbered>) =
            found.rows.iter().copied().partition(|n| violating.find(n.id()).is_some_and(&fails));
        found.set(left);
        found.spared = Ids::new(spared.into_iter().map(|n| Numbered::new(n.id(), 0)).collect());
        found.grouped = Some(told);
        Ok(keys.iter().enumerate().filter(|(number, _)| fails(*number)).map(|(_, key)| key.clone()).collect())
    }
}

/// The rows of each group, counted.
struct Counted {
    /// The columns of the groups, then others.
    schema: SchemaRef,
    /// The groups, by number.
    keys: Vec<GroupKey>,
    counts: HashMap<u32, GroupCount>,
    /// The violating rows, each with the number of its group.
    violating: Ids,
}

impl Standing<'_> {
    async fn counted(
        &self,
        rule: &Rule,
        assertion: &SetAssertion,
        groups: &Groups,
        found: &Found,
    ) -> Result<Counted, Stopped> {
        let rows = self.rows().await?.alias(self.table)?;
        // Where rows without a key violate they are judged too.
        let rows = match &assertion.judged {
            _ if !rule.null_fails => keyed(rows, assertion)?,
            Some(judged) => rows.filter(judged.clone())?,
            None => rows,
        };
        // Of keys the groups are a part.
        let by = if assertion.groups.is_empty() { &assertion.keys } else { &assertion.groups };
        let each = by.iter().take(rule.by.len()).enumerate();
        let mut columns: Vec<Expr> = each.map(|(i, e)| e.clone().alias(format!("g{i}"))).collect();
        columns.extend(self.places());
        let rows = rows.select(columns)?;
        let schema = Arc::clone(rows.schema().inner());
        let mut rows = rows.execute_stream().await?;
        let mut numbers: HashMap<GroupKey, u32> = HashMap::new();
        let (mut keys, mut counts) = (Vec::new(), HashMap::<u32, GroupCount>::new());
        let mut violating = Vec::new();
        while let Some(batch) = rows.next().await {
            let batch = batch?;
            let ids = row_ids(&batch, FILE, ROW)?;
            for (key, id) in groups.keys(&batch)?.iter().zip(ids) {
                let number = match numbers.get(key.as_ref()) {
                    Some(number) => *number,
                    None => {
                        let (key, number) = (GroupKey::from(key.as_ref()), numbered(keys.len())?);
                        keys.push(key.clone());
                        numbers.insert(key, number);
                        number
                    }
                };
                let count = counts.entry(number).or_default();
                count.judged += 1;
                if found.rows.find(id).is_some() {
                    count.violations += 1;
                    violating.push(Numbered::new(id, number));
                }
            }
        }
        Ok(Counted { schema, keys, counts, violating: Ids::new(violating) })
    }
}
