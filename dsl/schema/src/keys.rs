//! Keys of `model … with (…)` and `heal … with (…)`.

use crate::{ConfigKey, KeyType};

/// Keys of a model.
pub fn model_keys() -> &'static [ConfigKey] {
    const KEYS: &[ConfigKey] = &[
        ConfigKey::new(
            "materialize",
            KeyType::Word(&["view", "table"]),
            "`view`: computed where it is used, once a run; `table`: kept between runs.",
            "table",
        )
        .or("view")
        .later(),
        ConfigKey::new(
            "increment",
            KeyType::Word(&["hour", "day", "month", "year"]),
            "Computes the whole of the periods that new rows touch, and only those; periods are of the source's `incremental by` column.",
            "day",
        )
        .later(),
    ];
    KEYS
}

/// Keys of a `heal` block: what the gates use. `heal *` sets the project's defaults with the same keys.
pub fn heal_keys() -> &'static [ConfigKey] {
    const KEYS: &[ConfigKey] = &[
        ConfigKey::new(
            "mode",
            KeyType::Word(&["manual", "semi_automatic", "automatic"]),
            "`manual`: every repair waits; `semi_automatic`: inferred repairs wait until their clause has earned trust; `automatic`: the instance's confidence decides.",
            "automatic",
        )
        .or("semi_automatic"),
        ConfigKey::new("confidence", KeyType::Share, "The least confidence of an inferred repair that runs unasked.", "0.8")
            .or("0.9"),
        ConfigKey::new(
            "max_healed_cells",
            KeyType::Share,
            "The share of a column's cells that one clause may repair by inference in a run; over it, all of the clause's proposals wait.",
            "5%",
        )
        .or("20%"),
        ConfigKey::new(
            "max_healed_rows",
            KeyType::Share,
            "The share of the table's rows that one clause may repair by inference in a run; over it, all of the clause's proposals wait.",
            "5%",
        ),
        ConfigKey::new(
            "max_quarantine",
            KeyType::Share,
            "The share of rows beyond which the batch counts as a changed source and nothing is committed, measured over at least 20 rows.",
            "10%",
        )
        .or("50%"),
        ConfigKey::new("immutable", KeyType::Columns, "Columns that no clause changes unless it names them.", "[order_id]")
            .or("[]"),
    ];
    KEYS
}
