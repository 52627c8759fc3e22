//! When to ask again a Loom that does not answer.

/// Seconds until the next try after so many that failed: 1 2 4 8 15 30 30 …
pub fn wait_s(failed: u32) -> u32 {
    const WAITS: [u32; 6] = [1, 2, 4, 8, 15, 30];
    WAITS[(failed.saturating_sub(1) as usize).min(WAITS.len() - 1)]
}

/// A connection lost for less than this is nobody's business.
pub const QUIET_S: f64 = 2.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_stop_growing() {
        assert_eq!([1, 2, 3, 4, 5, 6, 60].map(wait_s), [1, 2, 4, 8, 15, 30, 30]);
        assert_eq!(wait_s(0), 1);
    }
}
