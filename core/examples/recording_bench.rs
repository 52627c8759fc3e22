fn main() {
    for p in std::env::args().skip(1) {
        match loom_core::capture::decode::open(p.as_ref()) {
            Err(e) => println!("{p}: {:?} {e} | {:?}", e.kind, std::error::Error::source(&e)),
            Ok(mut d) => {
                let mut all = Vec::new();
                while let Some(b) = d.next() {
                    match b {
                        Ok(b) => all.extend(b),
                        Err(e) => println!("  {e}"),
                    }
                }
                // phase and level of 440 Hz between 0.5 and 1.5 s
                let (mut re, mut im) = (0.0f64, 0.0f64);
                let seg = &all[8000.min(all.len())..24000.min(all.len())];
                for (n, s) in seg.iter().enumerate() {
                    let w = std::f64::consts::TAU * 440.0 * (n + 8000) as f64 / 16000.0;
                    re += *s as f64 * w.sin();
                    im += *s as f64 * w.cos();
                }
                let amp = (re * re + im * im).sqrt() * 2.0 / seg.len() as f64;
                let shift = im.atan2(re) / std::f64::consts::TAU / 440.0 * 16000.0;
                println!(
                    "{p}: {} samples {:.3}s hint {:?} trunc {} at {:?} amp {amp:.4} shift {shift:.3} {:?}",
                    all.len(),
                    all.len() as f64 / 16000.0,
                    d.duration_hint_s(),
                    d.truncated(),
                    d.container_time(&jiff::tz::TimeZone::UTC).map(|t| t.to_string()),
                    d.warnings()
                );
            }
        }
    }
}
