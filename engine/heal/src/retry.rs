//! Which kinds of errors are tried again, and when.
//!
//! Backoff with full jitter: `sleep = rand(0, min(cap, base * 2^n))` (Brooker, "Exponential Backoff And Jitter", AWS
//! Architecture Blog, 2015). The randomness is [`SplitMix64`] from a seed the caller gives, so a run replays.

use crate::classify::Kind;

/// The first wait when a clause gives none, in milliseconds.
pub const DEFAULT_BASE_MS: u64 = 1_000;
/// The longest wait when a clause gives none, in milliseconds.
pub const DEFAULT_CAP_MS: u64 = 60_000;

/// How often an error of a kind may be tried again at all, whatever a clause says; `None`: as often as it says. What does
/// not change by itself is never tried again; what we do not understand, or is our own fault, once.
pub fn limit(kind: Kind) -> Option<u32> {
    match kind {
        Kind::Timeout | Kind::Connection | Kind::Throttled | Kind::Conflict => None,
        // Eventual consistency; the next, smaller batch; a corrupted exchange.
        Kind::NotFound | Kind::Quota | Kind::Protocol | Kind::Internal | Kind::Unknown => Some(1),
        Kind::Auth
        | Kind::Permission
        | Kind::Constraint
        | Kind::DuplicateKey
        | Kind::Schema
        | Kind::Type
        | Kind::Parse
        | Kind::Data
        | Kind::Config => Some(0),
    }
}

/// `retry n times backoff a up to b`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// How often; `None` without a bound.
    pub times: Option<u32>,
    /// The first longest wait, in milliseconds; doubles.
    pub base_ms: u64,
    /// Which no wait exceeds but one the server asks for, in milliseconds.
    pub cap_ms: u64,
}

impl Backoff {
    /// With defaults for what a clause leaves out. A cap below the base is the base.
    pub fn new(times: Option<u32>, base_ms: Option<u64>, cap_ms: Option<u64>) -> Self {
        let base_ms = base_ms.unwrap_or(DEFAULT_BASE_MS);
        Self { times, base_ms, cap_ms: cap_ms.unwrap_or(DEFAULT_CAP_MS).max(base_ms) }
    }

    /// The wait before retry `n` (from 0) of an error of this kind, in milliseconds; `None`: no more. `retry_after_ms` is
    /// what the server asked for, and is never undercut.
    pub fn delay(&self, kind: Kind, n: u32, retry_after_ms: Option<u64>, random: &mut SplitMix64) -> Option<u64> {
        let times = [self.times, limit(kind)].into_iter().flatten().min();
        if times.is_some_and(|times| n >= times) {
            return None;
        }
        let longest =
            2_u64.checked_pow(n).and_then(|f| self.base_ms.checked_mul(f)).unwrap_or(u64::MAX).min(self.cap_ms);
        Some(random.up_to(longest).max(retry_after_ms.unwrap_or(0)))
    }
}

/// What all retries of a run may cost together; keeps a broken source from holding a run for hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryBudget {
    /// Retries left.
    pub retries: u32,
    /// Waiting left, in milliseconds.
    pub wait_ms: u64,
}

impl Default for RetryBudget {
    /// 100 retries, 30 minutes.
    fn default() -> Self {
        Self { retries: 100, wait_ms: 30 * 60_000 }
    }
}

impl RetryBudget {
    /// Takes one retry after a wait; `false`, and nothing taken, when it is not left.
    pub fn take(&mut self, delay_ms: u64) -> bool {
        match (self.retries.checked_sub(1), self.wait_ms.checked_sub(delay_ms)) {
            (Some(retries), Some(wait_ms)) => {
                *self = Self { retries, wait_ms };
                true
            }
            _ => false,
        }
    }
}

/// Reads a `Retry-After` in seconds; the date form depends on the clock and is the caller's.
pub fn retry_after_ms(header: &str) -> Option<u64> {
    header.trim().parse::<u64>().ok()?.checked_mul(1_000)
}

/// SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014; Vigna's public-domain
/// reference). Not for secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitMix64(u64);

impl SplitMix64 {
    /// The same seed gives the same numbers.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number from 0 to `most`, both inclusive; the bias of the fixed-point product is below `most / 2^64`.
    pub fn up_to(&mut self, most: u64) -> u64 {
        let product = u128::from(self.next_u64()) * (u128::from(most) + 1);
        u64::try_from(product >> 64).unwrap_or(most)
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn splitmix_gives_the_reference_numbers() {
        // First outputs of Vigna's splitmix64.c for the seed 1234567.
        let mut random = SplitMix64::new(1_234_567);
        let got: Vec<u64> = (0..3).map(|_| random.next_u64()).collect();
        assert_eq!(got, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn kinds_bound_what_a_clause_asks_for() {
        let backoff = Backoff::new(Some(5), Some(10), Some(100));
        let tries = |kind| {
            let mut random = SplitMix64::new(1);
            (0..20).take_while(|n| backoff.delay(kind, *n, None, &mut random).is_some()).count()
        };
        assert_eq!(tries(Kind::Timeout), 5);
        assert_eq!(tries(Kind::Unknown), 1);
        assert_eq!(tries(Kind::Auth), 0);
        let endless = Backoff::new(None, None, None);
        assert!(endless.delay(Kind::Throttled, u32::MAX, None, &mut SplitMix64::new(1)).is_some());
        assert!(endless.delay(Kind::Unknown, 1, None, &mut SplitMix64::new(1)).is_none());
    }

    #[test]
    fn the_server_is_obeyed() {
        let backoff = Backoff::new(Some(3), Some(10), Some(100));
        assert_eq!(backoff.delay(Kind::Throttled, 0, Some(5_000), &mut SplitMix64::new(7)), Some(5_000));
        assert_eq!(retry_after_ms(" 120 "), Some(120_000));
        assert_eq!(retry_after_ms("Wed, 21 Oct 2015 07:28:00 GMT"), None);
        assert_eq!(retry_after_ms("99999999999999999999"), None);
    }

    #[test]
    fn a_run_does_not_retry_for_ever() {
        let mut budget = RetryBudget { retries: 2, wait_ms: 100 };
        assert!(!budget.take(101));
        assert!(budget.take(60) && !budget.take(60) && budget.take(40) && !budget.take(0));
    }

    proptest! {
        #[test]
        fn waits_stay_within_the_doubling_bound(seed in any::<u64>(), n in 0u32..80, base in 1u64..5_000, cap in 1u64..100_000) {
            let backoff = Backoff::new(None, Some(base), Some(cap));
            let longest = (u128::from(base) << n.min(64)).min(u128::from(cap.max(base)));
            let wait = backoff.delay(Kind::Connection, n, None, &mut SplitMix64::new(seed)).unwrap();
            prop_assert!(u128::from(wait) <= longest);
            prop_assert_eq!(Some(wait), backoff.delay(Kind::Connection, n, None, &mut SplitMix64::new(seed)));
        }
    }

    #[test]
    fn jitter_is_full() {
        let backoff = Backoff::new(None, Some(1_000), Some(1_000));
        let mut random = SplitMix64::new(42);
        let waits: Vec<u64> = (0..2_000).filter_map(|_| backoff.delay(Kind::Timeout, 3, None, &mut random)).collect();
        let mean = waits.iter().sum::<u64>() / waits.len() as u64;
        assert!((450..550).contains(&mean), "{mean}");
        assert!(waits.iter().any(|w| *w < 20) && waits.iter().any(|w| *w > 980));
    }
}
