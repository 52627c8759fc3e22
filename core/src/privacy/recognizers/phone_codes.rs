//! Country calling codes of ITU-T E.164 (list of 15 December 2016 with later changes).

/// Codes of one, two and three digits; a code is no other's beginning.
const ONE: [u16; 2] = [1, 7];
const TWO: [u16; 43] = [
    20, 27, 30, 31, 32, 33, 34, 36, 39, 40, 41, 43, 44, 45, 46, 47, 48, 49, 51, 52, 53, 54, 55, 56, 57, 58, 60, 61, 62, 63, 64, 65, 66, 81,
    82, 84, 86, 90, 91, 92, 93, 94, 95,
];

/// Length of the calling code these digits begin with.
pub fn calling_code(digits: &str) -> Option<usize> {
    let head = |n: usize| digits.get(..n).and_then(|d| d.parse::<u16>().ok());
    if head(1).is_some_and(|c| ONE.contains(&c)) {
        return Some(1);
    }
    if head(2).is_some_and(|c| TWO.contains(&c) || c == 98) {
        return Some(2);
    }
    // The rest of 2xx, 3xx, 4xx, 5xx, 6xx, 8xx and 9xx is given out in threes.
    head(3)
        .filter(|c| matches!(c, 210..=299 | 350..=389 | 420..=429 | 500..=509 | 590..=599 | 670..=699 | 800..=809 | 850..=889 | 960..=999))
        .map(|_| 3)
}
