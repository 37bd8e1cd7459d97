//! CPU of a process from the scheduler's own nanoseconds, and ratios of pairs measured side by side.

use std::fs;

/// Nanoseconds on a CPU, over all threads of the process, since it started.
///
/// The group leader's `schedstat` alone would leave the other threads out.
pub fn cpu_ns(pid: u32) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).expect("the server is running");
    tasks
        .filter_map(|task| fs::read_to_string(task.ok()?.path().join("schedstat")).ok())
        .filter_map(|text| text.split(' ').next()?.parse::<u64>().ok())
        .sum()
}

/// The median of per-pair ratios and its bootstrap 95 % interval.
pub struct Ratio {
    pub median: f64,
    pub low: f64,
    pub high: f64,
}

pub fn ratio(pairs: &[(f64, f64)]) -> Ratio {
    let ratios: Vec<f64> = pairs.iter().map(|(a, b)| a / b).collect();
    // A fixed seed: the same pairs give the same interval.
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut next = |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % bound as u64).expect("bound is a length")
    };
    let mut medians: Vec<f64> = (0..2000)
        .map(|_| median((0..ratios.len()).map(|_| ratios[next(ratios.len())]).collect()))
        .collect();
    medians.sort_by(f64::total_cmp);
    Ratio { median: median(ratios), low: medians[50], high: medians[1949] }
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
}
