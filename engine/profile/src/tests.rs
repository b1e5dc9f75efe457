//! Whole tables: what is told of them, and that it does not depend on who saw which row.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, Decimal128Array, DictionaryArray, Float32Array, Int32Array, Int64Array, ListArray,
    RecordBatch, StringArray, StructArray, TimestampNanosecondArray, UInt64Array, new_null_array,
};
use arrow::datatypes::{DataType, Field, Int32Type, Schema};

use crate::cells::mixed;
use crate::{KeyValues, Profile, Profiler, Settings};

fn profiler(batches: &[RecordBatch], settings: Settings) -> Profiler {
    let mut profiler = Profiler::new(&batches[0].schema(), settings).unwrap();
    batches.iter().for_each(|batch| profiler.update(batch).unwrap());
    profiler
}

fn profile(batch: &RecordBatch) -> Profile {
    profiler(std::slice::from_ref(batch), Settings::default()).profile("t", |ty| ty.to_string()).unwrap()
}

/// People with a city, its country, a mail address and an amount.
fn people(rows: std::ops::Range<i64>) -> RecordBatch {
    let cities = ["Berlin", "Paris", "Lyon", "Wien", "Graz", "Bonn"];
    let countries = ["DE", "FR", "FR", "AT", "AT", "DE"];
    let city = |i: i64| (mixed(i as u64) % 6) as usize;
    let amount = |i: i64| (mixed(i as u64 ^ 99) % 100_000) as i64;
    RecordBatch::try_from_iter_with_nullable([
        ("id", Arc::new(Int64Array::from_iter_values(rows.clone())) as ArrayRef, true),
        ("city", Arc::new(StringArray::from_iter_values(rows.clone().map(|i| cities[city(i)]))) as _, true),
        ("country", Arc::new(StringArray::from_iter_values(rows.clone().map(|i| countries[city(i)]))) as _, true),
        ("mail", Arc::new(StringArray::from_iter_values(rows.clone().map(|i| format!("p{i}@example.com")))) as _, true),
        ("amount", Arc::new(Int64Array::from_iter_values(rows.clone().map(amount))) as _, true),
        ("shop", Arc::new(Int64Array::from_iter_values(rows.clone().map(|i| i / 300))) as _, true),
        ("number", Arc::new(Int64Array::from_iter_values(rows.map(|i| i % 300))) as _, true),
    ])
    .unwrap()
}

#[test]
fn the_same_is_told_by_any_number_of_threads() {
    let settings = Settings { sample: 500, ..Settings::default() };
    let json = |profiler: &Profiler| {
        let profile = profiler.profile("t", |ty| ty.to_string()).unwrap();
        (
            serde_json::to_string(&profile).unwrap(),
            crate::keys(profiler),
            crate::dependencies(profiler.sample(), 7, |_| false),
        )
    };
    let one = json(&profiler(&[people(0..6000)], settings));
    for parts in [2, 7] {
        let share = 6000 / parts;
        let mut profilers: Vec<Profiler> = (0..parts)
            .map(|p| {
                let end = if p + 1 == parts { 6000 } else { (p + 1) * share };
                let middle = p * share + share / 3;
                profiler(&[people(p * share..middle), people(middle..end)], settings)
            })
            .collect();
        profilers.reverse();
        let mut merged = Profiler::new(&people(0..0).schema(), settings).unwrap();
        profilers.into_iter().for_each(|p| merged.merge(p).unwrap());
        assert_eq!(json(&merged), one);
    }
}

#[test]
fn keys_and_dependencies_of_a_sample() {
    let profiler = profiler(&[people(0..6000)], Settings { sample: 2000, ..Settings::default() });
    let keys: Vec<Vec<usize>> = crate::keys(&profiler).into_iter().map(|k| k.columns).collect();
    assert_eq!(keys[..2], [vec![0], vec![3]], "id and mail");
    assert!(keys.contains(&vec![5, 6]), "shop with number: {keys:?}");
    let found: Vec<_> =
        crate::dependencies(profiler.sample(), 7, |_| false).into_iter().map(|d| (d.columns, d.determines)).collect();
    assert_eq!(found, [(vec![1], 2)], "a city has one country, and nothing else decides anything");
}

#[test]
fn references_need_more_than_inclusion() {
    let orders = RecordBatch::try_from_iter([
        ("customer_id", Arc::new(Int64Array::from_iter_values((0..1000).map(|i| i % 90))) as ArrayRef),
        ("quantity", Arc::new(Int64Array::from_iter_values((0..1000).map(|i| i % 7 + 1))) as _),
        ("code", Arc::new(StringArray::from_iter_values((0..1000).map(|i| format!("K{}", i % 50)))) as _),
    ]);
    let customers = RecordBatch::try_from_iter([
        ("id", Arc::new(Int64Array::from_iter_values(0..100)) as ArrayRef),
        ("card", Arc::new(StringArray::from_iter_values((0..100).map(|i| format!("K{i}")))) as _),
        ("same", Arc::new(StringArray::from(vec!["K1"; 100])) as _),
    ]);
    let mut keys: Vec<KeyValues> = ["id", "card", "same"].map(|name| KeyValues::new(name.to_owned())).into();
    KeyValues::update(&mut keys, &customers.unwrap()).unwrap();
    let profiler = profiler(&[orders.unwrap()], Settings::default());
    let names = ["customer_id", "quantity", "code"].map(str::to_owned);
    let found = crate::references(&profiler, &names, "customers", &keys);
    let found: Vec<_> = found.iter().map(|r| (r.column, r.key.as_str(), r.coverage)).collect();
    assert_eq!(found, [(0, "id", 0.9), (2, "card", 0.5)]);
}

#[test]
fn equal_rows_are_counted_in_small_tables_and_estimated_in_large_ones() {
    let doubled = |n: i64| {
        let ids = Int64Array::from_iter_values((0..n).chain(0..n / 2));
        profile(&RecordBatch::try_from_iter([("id", Arc::new(ids) as ArrayRef)]).unwrap()).duplicate_rows
    };
    assert_eq!((doubled(1000).value, doubled(1000).exact), (500, true));
    let large = doubled(100_000);
    assert!(!large.exact && (45_000..55_000).contains(&large.value), "{large:?}");
}

#[test]
fn every_type_can_be_profiled() {
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1), None]), None, Some(vec![])]);
    let inner: ArrayRef = Arc::new(Int32Array::from(vec![1, 1, 2]));
    let fields = StructArray::from(vec![(Arc::new(Field::new("a", DataType::Int32, true)), inner)]);
    let words: DictionaryArray<Int32Type> = ["x", "y", "x"].into_iter().collect();
    let batch = RecordBatch::try_from_iter_with_nullable([
        ("list", Arc::new(list) as ArrayRef, true),
        ("struct", Arc::new(fields) as _, true),
        ("bytes", Arc::new(BinaryArray::from(vec![&b"a"[..], b"\xff\xfe", b"a"])) as _, true),
        ("words", Arc::new(words) as _, true),
        ("float", Arc::new(Float32Array::from(vec![0.1, 0.2, 0.3])) as _, true),
        ("big", Arc::new(UInt64Array::from(vec![u64::MAX, 0, 1])) as _, true),
        ("at", Arc::new(TimestampNanosecondArray::from(vec![1, 2, i64::MAX])) as _, true),
        ("nothing", new_null_array(&DataType::Null, 3), true),
    ]);
    let profile = profile(&batch.unwrap());
    let told: Vec<(&str, u64, u64)> =
        profile.columns.iter().map(|c| (c.name.as_str(), c.nulls, c.distinct.value)).collect();
    assert_eq!(
        told,
        [
            ("list", 1, 2),
            ("struct", 0, 2),
            ("bytes", 0, 2),
            ("words", 0, 2),
            ("float", 0, 3),
            ("big", 0, 3),
            ("at", 0, 3),
            ("nothing", 3, 0),
        ]
    );
    let column = |name: &str| profile.columns.iter().find(|c| c.name == name).unwrap();
    assert_eq!(column("struct").top[0].value, "{a: 1}");
    assert_eq!(column("float").max.as_deref(), Some("0.3"));
    assert_eq!(column("big").max.as_deref(), Some("18446744073709551615"));
    assert!(column("at").max.as_deref().is_some_and(|at| at.starts_with("2262-04-11T23:47:16")));
    assert!(column("words").patterns.iter().any(|p| p.pattern == "a"));
}

#[test]
fn a_table_of_no_rows_and_one_of_nothing_but_nulls_have_a_profile() {
    let schema =
        Arc::new(Schema::new(vec![Field::new("a", DataType::Int64, true), Field::new("b", DataType::Utf8, true)]));
    let empty = profile(&RecordBatch::new_empty(Arc::clone(&schema)));
    assert_eq!((empty.rows, empty.columns.len(), empty.duplicate_rows.value), (0, 2, 0));
    let nulls = schema.fields().iter().map(|f| new_null_array(f.data_type(), 5)).collect();
    let nulls = profile(&RecordBatch::try_new(schema, nulls).unwrap());
    for column in &nulls.columns {
        assert_eq!((column.nulls, column.distinct.value), (5, 0));
        assert!(column.min.is_none() && column.numbers.is_none() && column.lengths.is_none() && column.top.is_empty());
    }
    assert!(crate::dependencies(profiler(&[people(0..0)], Settings::default()).sample(), 7, |_| false).is_empty());
}

#[test]
fn a_very_wide_table_takes_a_smaller_sample() {
    let column: ArrayRef = Arc::new(Int64Array::from_iter_values(0..3000));
    let names: Vec<String> = (0..1500).map(|i| format!("c{i}")).collect();
    let batch = RecordBatch::try_from_iter(names.iter().map(|n| (n.as_str(), Arc::clone(&column)))).unwrap();
    let profiler = profiler(&[batch], Settings::default());
    assert_eq!(profiler.sample().len(), 4_000_000 / 1500);
    assert_eq!(profiler.metrics().len(), 1500);
}

#[test]
fn whole_numbers_in_decimals_get_bins_of_whole_numbers() {
    let digits = Decimal128Array::from_iter_values((0..100).map(|i| i % 10)).with_precision_and_scale(20, 0).unwrap();
    let profile = profile(&RecordBatch::try_from_iter([("d", Arc::new(digits) as ArrayRef)]).unwrap());
    let bins = &profile.columns[0].histogram.as_ref().unwrap().bins;
    assert_eq!(bins.iter().map(|b| b.count).collect::<Vec<_>>(), [10; 10]);
}

#[test]
fn a_long_text_is_kept_in_part() {
    let long = "ä".repeat(100_000);
    let texts = StringArray::from(vec![long.as_str(), long.as_str()]);
    let profile = profile(&RecordBatch::try_from_iter([("t", Arc::new(texts) as ArrayRef)]).unwrap());
    let column = &profile.columns[0];
    assert_eq!(column.top[0].value, "ä".repeat(128));
    assert_eq!(column.lengths.as_ref().and_then(|l| l.mean), Some(100_000.0));
}
