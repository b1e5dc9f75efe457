//! How many distinct values there are, and which are frequent.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

use datasketches::hll::{Coupon, HllSketch, HllType, HllUnion};

use super::bytes::{MetricsError, Reader, Writer};
use super::counts::CountSketch;
use super::patterns::Patterns;

/// Up to so many distinct values are counted one by one.
pub const EXACT_VALUES: usize = 4096;
/// A value is told as frequent if it is every 512th at least.
const FREQUENT: u64 = 512;
/// It is remembered from when it is every 1024th of those seen so far. That happens to every frequent one, whatever the order: in some
/// part of the rows it is every 512th, and when it is seen there for the last time it has been so among those before.
const REMEMBERED: u64 = 1024;
/// So many values are remembered before those are forgotten that are not so frequent any more.
const CANDIDATES: usize = 4096;
/// 2^14 registers: a standard error of 0.8%.
const LG_REGISTERS: u8 = 14;

/// How many distinct values there are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Distinct {
    /// How many; an estimate unless `error` is 0.
    pub count: u64,
    /// The standard error of the estimate, as a share of it.
    pub error: f64,
}

/// A value that is counted.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// How it prints, at most its first 256 bytes.
    pub text: String,
    /// As a number in the units of its type; `None` for texts and bytes.
    pub number: Option<f64>,
    /// How often it occurs.
    pub count: u64,
}

/// A frequent value.
#[derive(Clone, Debug, PartialEq)]
pub struct Top {
    /// How it prints, at most its first 256 bytes.
    pub text: String,
    /// How often it occurs.
    pub count: u64,
    /// The standard error of the count; 0: it is exact.
    pub error: f64,
}

/// Counts values: one by one while they are few, by sketches of fixed size from then on.
#[derive(Clone, Debug)]
pub struct Frequencies {
    values: Values,
    patterns: bool,
}

#[derive(Clone, Debug)]
enum Values {
    Exact(HashMap<u64, Entry, BuildHasherDefault<Hashed>>),
    Sketched(Box<Sketched>),
}

#[derive(Clone, Debug)]
struct Sketched {
    /// How many values were counted.
    values: u64,
    distinct: HllSketch,
    counts: CountSketch,
    /// Values that may be frequent, by their hashes: the counts know no values.
    candidates: HashMap<u64, String, BuildHasherDefault<Hashed>>,
    patterns: Option<Patterns>,
    scratch: String,
}

impl Frequencies {
    /// Counts values; with `patterns` also what their texts look like.
    pub fn new(patterns: bool) -> Self {
        Self { values: Values::Exact(HashMap::default()), patterns }
    }

    /// Takes in a value by its hash. `entry` gives the value, with a count of 1; `text` is its text if it is one.
    ///
    /// # Errors
    /// None that input can bring about: those of the sketches' own constructors.
    pub fn add(&mut self, hash: u64, entry: impl Fn() -> Entry, text: Option<&str>) -> Result<(), MetricsError> {
        match &mut self.values {
            Values::Exact(values) => {
                values.entry(hash).and_modify(|e| e.count += 1).or_insert_with(&entry);
                if values.len() > EXACT_VALUES {
                    self.sketch()?;
                }
            }
            Values::Sketched(sketched) => sketched.add(hash, 1, text, || entry().text),
        }
        Ok(())
    }

    /// From counting one by one to sketches.
    fn sketch(&mut self) -> Result<(), MetricsError> {
        if let Values::Exact(values) = &mut self.values {
            let mut sketched = Sketched {
                values: 0,
                distinct: HllSketch::new(LG_REGISTERS, HllType::Hll8)?,
                counts: CountSketch::default(),
                candidates: HashMap::default(),
                patterns: self.patterns.then(Patterns::default),
                scratch: String::new(),
            };
            sketched.add_all(std::mem::take(values));
            self.values = Values::Sketched(Box::new(sketched));
        }
        Ok(())
    }

    /// Takes another column's or partition's values in.
    ///
    /// # Errors
    /// As [`Frequencies::add`].
    pub fn merge(&mut self, other: Frequencies) -> Result<(), MetricsError> {
        if matches!(other.values, Values::Sketched(_)) {
            self.sketch()?;
        }
        match (&mut self.values, other.values) {
            (Values::Exact(values), Values::Exact(others)) => {
                for (hash, entry) in others.into_iter().collect::<BTreeMap<_, _>>() {
                    values.entry(hash).and_modify(|e| e.count += entry.count).or_insert(entry);
                }
                if values.len() > EXACT_VALUES {
                    self.sketch()?;
                }
            }
            (Values::Sketched(sketched), Values::Exact(others)) => sketched.add_all(others),
            (Values::Sketched(sketched), Values::Sketched(other)) => sketched.merge(&other)?,
            (Values::Exact(_), Values::Sketched(_)) => {}
        }
        Ok(())
    }

    /// All values by their hashes, if they are few enough to be counted one by one.
    pub fn exact(&self) -> Option<BTreeMap<u64, &Entry>> {
        match &self.values {
            Values::Exact(values) => Some(values.iter().map(|(hash, entry)| (*hash, entry)).collect()),
            Values::Sketched(_) => None,
        }
    }

    /// How many distinct values there are among `count`.
    pub fn distinct(&self, count: u64) -> Distinct {
        match &self.values {
            Values::Exact(values) => Distinct { count: values.len() as u64, error: 0.0 },
            Values::Sketched(sketched) => {
                // The composite estimate looks only at the registers; the other one at the order of the values, too.
                let estimate = sketched.distinct.composite_estimate().round() as u64;
                let error = 1.04 / 2_f64.powi(i32::from(LG_REGISTERS)).sqrt();
                Distinct { count: estimate.clamp(EXACT_VALUES as u64 + 1, count.max(EXACT_VALUES as u64 + 1)), error }
            }
        }
    }

    /// The most frequent values, at most `most`. Of values that are not counted one by one, those that occur more often than by error.
    pub fn top(&self, most: usize) -> Vec<Top> {
        let mut top: Vec<Top> = match &self.values {
            Values::Exact(values) => {
                values.values().map(|e| Top { text: e.text.clone(), count: e.count, error: 0.0 }).collect()
            }
            Values::Sketched(sketched) => {
                let error = sketched.counts.standard_error();
                let tops = sketched.candidates.iter().map(|(hash, text)| {
                    let count = sketched.counts.estimate(*hash);
                    Top { text: text.clone(), count, error }
                });
                let least = (5.0 * error).max(sketched.values as f64 / FREQUENT as f64);
                tops.filter(|top| top.count as f64 > least).collect()
            }
        };
        top.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.text.cmp(&b.text)));
        top.truncate(most);
        top
    }

    /// What the texts look like; `None` unless asked for.
    pub fn patterns(&self) -> Option<Patterns> {
        match &self.values {
            Values::Sketched(sketched) => sketched.patterns.clone(),
            Values::Exact(_) if !self.patterns => None,
            Values::Exact(values) => {
                let (mut patterns, mut scratch) = (Patterns::default(), String::new());
                values.values().for_each(|e| patterns.add(&e.text, e.count, &mut scratch));
                Some(patterns)
            }
        }
    }

    pub(super) fn write(&self, to: &mut Writer) {
        to.byte(u8::from(self.patterns));
        match &self.values {
            Values::Exact(_) => {
                to.byte(0);
                let values = self.exact().unwrap_or_default();
                to.number(values.len() as u64);
                for (hash, entry) in values {
                    to.number(hash);
                    to.bytes(entry.text.as_bytes());
                    to.byte(u8::from(entry.number.is_some()));
                    to.float(entry.number.unwrap_or_default());
                    to.number(entry.count);
                }
            }
            Values::Sketched(sketched) => {
                to.byte(1);
                to.number(sketched.values);
                to.bytes(&sketched.distinct.serialize());
                sketched.counts.write(to);
                let candidates: BTreeMap<_, _> = sketched.candidates.iter().collect();
                to.number(candidates.len() as u64);
                for (hash, text) in candidates {
                    to.number(*hash);
                    to.bytes(text.as_bytes());
                }
                if let Some(patterns) = &sketched.patterns {
                    patterns.write(to);
                }
            }
        }
    }

    pub(super) fn read(from: &mut Reader<'_>) -> Result<Self, MetricsError> {
        let patterns = from.byte()? != 0;
        let values = if from.byte()? == 0 {
            let mut values = HashMap::default();
            for _ in 0..from.count()? {
                let hash = from.number()?;
                let text = from.text()?;
                let has_number = from.byte()? != 0;
                let number = Some(from.float()?).filter(|_| has_number);
                values.insert(hash, Entry { text, number, count: from.number()? });
            }
            Values::Exact(values)
        } else {
            let (count, distinct) = (from.number()?, HllSketch::deserialize(from.bytes()?)?);
            let counts = CountSketch::read(from)?;
            let mut candidates = HashMap::default();
            for _ in 0..from.count()? {
                candidates.insert(from.number()?, from.text()?);
            }
            Values::Sketched(Box::new(Sketched {
                values: count,
                distinct,
                counts,
                candidates,
                patterns: if patterns { Some(Patterns::read(from)?) } else { None },
                scratch: String::new(),
            }))
        };
        Ok(Self { values, patterns })
    }
}

impl Sketched {
    fn add(&mut self, hash: u64, count: u64, text: Option<&str>, printed: impl FnOnce() -> String) {
        self.distinct.update_with_coupon(Coupon::from_value(hash));
        self.values += count;
        let estimate = self.counts.add(hash, count);
        if estimate.saturating_mul(REMEMBERED) > self.values {
            self.candidates.entry(hash).or_insert_with(printed);
            self.forget();
        }
        if let (Some(patterns), Some(text)) = (&mut self.patterns, text) {
            patterns.add(text, count, &mut self.scratch);
        }
    }

    /// Takes in values that were counted one by one; what they are out of is the same for all.
    fn add_all(&mut self, values: HashMap<u64, Entry, BuildHasherDefault<Hashed>>) {
        let counted: BTreeMap<u64, Entry> = values.into_iter().collect();
        self.values += counted.values().map(|e| e.count).sum::<u64>();
        for (hash, entry) in counted {
            self.values -= entry.count;
            self.add(hash, entry.count, Some(&entry.text), || entry.text.clone());
        }
    }

    /// Forgets candidates that are not frequent enough any more, when there are too many.
    fn forget(&mut self) {
        if self.candidates.len() > CANDIDATES {
            let (counts, values) = (&self.counts, self.values);
            self.candidates.retain(|hash, _| counts.estimate(*hash).saturating_mul(REMEMBERED) > values);
        }
    }

    fn merge(&mut self, other: &Sketched) -> Result<(), MetricsError> {
        let mut union = HllUnion::new(LG_REGISTERS)?;
        union.update(&self.distinct);
        union.update(&other.distinct);
        self.distinct = union.to_sketch(HllType::Hll8);
        self.counts.merge(&other.counts);
        self.values += other.values;
        for (hash, text) in &other.candidates.iter().collect::<BTreeMap<_, _>>() {
            self.candidates.entry(**hash).or_insert_with(|| (*text).clone());
        }
        self.forget();
        if let (Some(patterns), Some(others)) = (&mut self.patterns, &other.patterns) {
            patterns.merge(others);
        }
        Ok(())
    }
}

/// Takes a hash for its own hash.
#[derive(Clone, Copy, Debug, Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}
